import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { isLoopback } from '../../lib/loopback.ts';
import { ACCOUNT_ID, deadLetterName, type LocalQueue, type Order, queueArn } from './queue.ts';
import { closeServer } from './s3/server.ts';

/** Largest message, and largest batch of them, in bytes; as on SQS. */
const MAX_MESSAGE_BYTES = 2 ** 20;
const MAX_ENTRIES = 10;
/** Seconds, as on SQS. */
const LONGEST_VISIBILITY = 12 * 60 * 60;
const PROTOCOL = 'application/x-amz-json-1.0';

export interface QueueEndpoint {
  readonly endpoint: string;
  /** Returns the address of one of the queues. */
  urlOf(queue: LocalQueue): string;
  close(): Promise<void>;
}

/** A refusal with the name that SQS gives it. */
class SqsError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The queues that an endpoint has, by their names, and its own address. */
interface Served {
  readonly queues: ReadonlyMap<string, LocalQueue>;
  readonly endpoint: string;
}

/**
 * Makes queues reachable for SQS clients at 127.0.0.1, in the JSON protocol that current ones speak.
 * It takes what fills a queue, looks at it, puts a message off and redrives it: SendMessage,
 * SendMessageBatch, GetQueueUrl, GetQueueAttributes, ChangeMessageVisibility, StartMessageMoveTask.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
 */
export async function startQueueEndpoint(
  queues: readonly LocalQueue[],
  port = 0,
): Promise<QueueEndpoint> {
  const named = new Map(queues.map((queue) => [queue.name, queue]));
  let endpoint = '';
  const server = createServer(async (request, response) => {
    try {
      answer(response, 200, await perform(request, { queues: named, endpoint }));
    } catch (thrown) {
      if (!(thrown instanceof SqsError))
        process.stderr.write(`The local queue failed: ${thrown}\n`);
      const { code, message } =
        thrown instanceof SqsError
          ? thrown
          : new SqsError('InternalFailure', 'Something went wrong in the local queue.');
      const status = code === 'InternalFailure' ? 500 : 400;
      answer(response, status, { __type: `com.amazonaws.sqs#${code}`, message });
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const urlOf = ({ name }: LocalQueue) => queueUrl(endpoint, name);
  return { endpoint, urlOf, close: () => closeServer(server) };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': PROTOCOL }).end(JSON.stringify(body));
}

type Action = (input: unknown, served: Served) => object;

const ACTIONS: Readonly<Record<string, Action>> = {
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  GetQueueUrl: getQueueUrl,
  GetQueueAttributes: getQueueAttributes,
  ChangeMessageVisibility: changeMessageVisibility,
  StartMessageMoveTask: startMessageMoveTask,
};

async function perform(request: IncomingMessage, served: Served) {
  const { hostname } = new URL(`http://${request.headers.host ?? 'unknown'}`);
  // No signature is checked: at least no web page may come in, nor lend this address a name.
  if (request.headers.origin || !isLoopback(hostname) || !request.headers.authorization) {
    throw new SqsError('AccessDeniedException', 'Only signed requests of this machine are taken.');
  }
  const target = String(request.headers['x-amz-target'] ?? '').replace(/^AmazonSQS\./, '');
  const action = Object.hasOwn(ACTIONS, target) ? ACTIONS[target] : undefined;
  if (!action) {
    throw new SqsError('UnsupportedOperation', `The local queue has no action "${target}".`);
  }
  return action(await inputOf(request), served);
}

async function inputOf(request: IncomingMessage): Promise<unknown> {
  // A batch of messages as JSON, each character escaped at worst.
  if (Number(request.headers['content-length'] ?? 0) > 8 * MAX_MESSAGE_BYTES) throw tooLong();
  try {
    return JSON.parse(await text(request));
  } catch {
    throw new SqsError('SerializationException', 'The body is not JSON.');
  }
}

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SqsError('InvalidParameterValue', `${issue.path.join('.')}: ${issue.message}`);
}

const messageSchema = z.object({
  MessageBody: z.string().min(1),
  MessageGroupId: z.string().max(128).optional(),
  MessageDeduplicationId: z.string().max(128).optional(),
  // Refused rather than forgotten.
  DelaySeconds: z.literal(0, 'The local queue has no delays.').optional(),
  MessageAttributes: z.undefined('The local queue has no message attributes.').optional(),
});
type MessageInput = z.infer<typeof messageSchema>;
const queueSchema = z.object({ QueueUrl: z.string() });

function queueUrl(endpoint: string, name: string): string {
  return `${endpoint}/${ACCOUNT_ID}/${name}`;
}

function queueAt({ QueueUrl }: z.infer<typeof queueSchema>, served: Served): LocalQueue {
  const path = URL.canParse(QueueUrl) ? new URL(QueueUrl).pathname : '';
  const name = path.replace(`/${ACCOUNT_ID}/`, '');
  return queueNamed(name, served);
}

function queueNamed(name: string, { queues }: Served): LocalQueue {
  const queue = queues.get(name);
  if (queue) return queue;
  const names = [...queues.keys()].join(', ');
  throw new SqsError('QueueDoesNotExist', `The local queues are called ${names}.`);
}

/** Returns what a FIFO queue needs to know of a message; undefined for a standard one, which needs nothing. */
function orderOf(message: MessageInput, { isFifo }: LocalQueue): Order | undefined {
  if (!isFifo) return undefined;
  const { MessageGroupId: group, MessageDeduplicationId: deduplicationId } = message;
  if (!group) {
    throw new SqsError('MissingParameter', 'A message of a FIFO queue needs a MessageGroupId.');
  }
  if (!deduplicationId) {
    throw new SqsError(
      'InvalidParameterValue',
      'The local queue makes no deduplication ids from bodies: it needs a MessageDeduplicationId.',
    );
  }
  return { group, deduplicationId };
}

function sendMessage(input: unknown, served: Served): object {
  const message = parse(messageSchema.extend(queueSchema.shape), input);
  const queue = queueAt(message, served);
  if (Buffer.byteLength(message.MessageBody) > MAX_MESSAGE_BYTES) throw tooLong();
  return sent(message, queue);
}

function sendMessageBatch(input: unknown, served: Served): object {
  const schema = queueSchema.extend({
    Entries: z.array(messageSchema.extend({ Id: z.string().regex(/^[\w-]{1,80}$/) })),
  });
  const { QueueUrl, Entries } = parse(schema, input);
  const queue = queueAt({ QueueUrl }, served);
  if (Entries.length === 0) {
    throw new SqsError('EmptyBatchRequest', 'The batch request holds no entries.');
  }
  if (Entries.length > MAX_ENTRIES) {
    throw new SqsError('TooManyEntriesInBatchRequest', 'A batch holds ten entries at most.');
  }
  if (new Set(Entries.map(({ Id }) => Id)).size < Entries.length) {
    throw new SqsError('BatchEntryIdsNotDistinct', 'Two entries of the batch have the same Id.');
  }
  const size = Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0);
  if (size > MAX_MESSAGE_BYTES) throw tooLong('BatchRequestTooLong');
  for (const entry of Entries) orderOf(entry, queue);
  return {
    Successful: Entries.map((entry) => ({ Id: entry.Id, ...sent(entry, queue) })),
    Failed: [],
  };
}

function sent(message: MessageInput, queue: LocalQueue): object {
  const { MessageBody } = message;
  const MessageId = queue.send(MessageBody, orderOf(message, queue));
  return { MessageId, MD5OfMessageBody: md5(MessageBody) };
}

function getQueueUrl(input: unknown, served: Served): object {
  const { QueueName } = parse(z.object({ QueueName: z.string() }), input);
  return { QueueUrl: queueUrl(served.endpoint, queueNamed(QueueName, served).name) };
}

function getQueueAttributes(input: unknown, served: Served): object {
  const queue = queueAt(parse(queueSchema, input), served);
  const { waiting, inFlight } = queue.counts();
  const deadLetterTargetArn = queueArn(deadLetterName(queue.name));
  return {
    Attributes: {
      QueueArn: queueArn(queue.name),
      ApproximateNumberOfMessages: String(waiting),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
      ApproximateNumberOfMessagesDelayed: '0',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn }),
      ...(queue.isFifo && { FifoQueue: 'true' }),
    },
  };
}

function changeMessageVisibility(input: unknown, served: Served): object {
  const schema = queueSchema.extend({
    ReceiptHandle: z.string(),
    VisibilityTimeout: z.number().int().min(0).max(LONGEST_VISIBILITY),
  });
  const { QueueUrl, ReceiptHandle, VisibilityTimeout } = parse(schema, input);
  if (!queueAt({ QueueUrl }, served).hide(ReceiptHandle, VisibilityTimeout * 1000)) {
    throw new SqsError('MessageNotInflight', 'Nobody has the message by this receipt.');
  }
  return {};
}

function startMessageMoveTask(input: unknown, { queues }: Served): object {
  const { SourceArn } = parse(z.object({ SourceArn: z.string() }), input);
  const sources = new Map(
    [...queues].map(([name, queue]) => [queueArn(deadLetterName(name)), queue]),
  );
  const queue = sources.get(SourceArn);
  if (!queue) {
    const arns = [...sources.keys()].join(', ');
    throw new SqsError('ResourceNotFoundException', `The dead letters are in ${arns}.`);
  }
  queue.redrive();
  return { TaskHandle: 'done' };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function tooLong(code = 'InvalidParameterValue'): SqsError {
  return new SqsError(code, `A message or a batch holds ${MAX_MESSAGE_BYTES} bytes at most.`);
}
