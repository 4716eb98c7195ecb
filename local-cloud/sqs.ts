import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { parseUrl } from '../lib/url.ts';
import { type Endpoint, isFromProgram, listen } from './http.ts';
import { ACCOUNT_ID, deadLetterName, type LocalQueue, type Order, queueArn } from './queue.ts';

/** Largest message, and largest batch of them, in bytes; as on SQS. */
const MAX_MESSAGE_BYTES = 2 ** 20;
const MAX_ENTRIES = 10;
/** Seconds, as on SQS. */
const LONGEST_VISIBILITY = 12 * 60 * 60;
const PROTOCOL = 'application/x-amz-json-1.0';

export interface QueueEndpoint extends Endpoint {
  /** Returns the URL of one of the queues. */
  urlOf(queue: LocalQueue): string;
}

/** An error with its name on SQS. */
class SqsError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The queues of an endpoint by name, and its own address. */
interface Served {
  readonly queues: ReadonlyMap<string, LocalQueue>;
  readonly endpoint: string;
}

/**
 * Serves queues to SQS clients at 127.0.0.1, in the JSON protocol of current clients. It supports what
 * Undertone needs: SendMessage, SendMessageBatch, GetQueueUrl, GetQueueAttributes,
 * ChangeMessageVisibility and StartMessageMoveTask.
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
      if (!(thrown instanceof SqsError)) process.stderr.write(`The local SQS failed: ${thrown}\n`);
      const { code, message } =
        thrown instanceof SqsError
          ? thrown
          : new SqsError('InternalFailure', 'The local SQS failed.');
      const status = code === 'InternalFailure' ? 500 : 400;
      answer(response, status, { __type: `com.amazonaws.sqs#${code}`, message });
    }
  });
  const listening = await listen(server, port);
  endpoint = listening.endpoint;
  return { ...listening, urlOf: ({ name }) => queueUrl(endpoint, name) };
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
  // Signatures are not checked, but web pages must not get in.
  if (!isFromProgram(request) || !request.headers.authorization) {
    throw new SqsError('AccessDeniedException', 'Send a signed request from this machine.');
  }
  const target = String(request.headers['x-amz-target'] ?? '').replace(/^AmazonSQS\./, '');
  const action = Object.hasOwn(ACTIONS, target) ? ACTIONS[target] : undefined;
  if (!action) {
    throw new SqsError('UnsupportedOperation', `The local SQS has no action "${target}".`);
  }
  return action(await inputOf(request), served);
}

async function inputOf(request: IncomingMessage): Promise<unknown> {
  // A batch of messages as JSON with every character escaped, at worst.
  if (Number(request.headers['content-length'] ?? 0) > 8 * MAX_MESSAGE_BYTES) throw tooLarge();
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
  // Rejected rather than silently ignored.
  DelaySeconds: z.literal(0, 'The local SQS does not support delays.').optional(),
  MessageAttributes: z.undefined('The local SQS does not support message attributes.').optional(),
});
type MessageInput = z.infer<typeof messageSchema>;
const queueSchema = z.object({ QueueUrl: z.string() });

function queueUrl(endpoint: string, name: string): string {
  return `${endpoint}/${ACCOUNT_ID}/${name}`;
}

function queueAt({ QueueUrl }: z.infer<typeof queueSchema>, served: Served): LocalQueue {
  const path = parseUrl(QueueUrl)?.pathname ?? '';
  const name = path.replace(`/${ACCOUNT_ID}/`, '');
  return queueNamed(name, served);
}

function queueNamed(name: string, { queues }: Served): LocalQueue {
  const queue = queues.get(name);
  if (queue) return queue;
  const names = [...queues.keys()].join(', ');
  throw new SqsError('QueueDoesNotExist', `There is no such queue. The local queues are ${names}.`);
}

/** Returns what a FIFO queue has to know about a message; undefined for a standard queue. */
function orderOf(message: MessageInput, { isFifo }: LocalQueue): Order | undefined {
  if (!isFifo) return undefined;
  const { MessageGroupId: group, MessageDeduplicationId: deduplicationId } = message;
  if (!group) {
    throw new SqsError('MissingParameter', 'A message of a FIFO queue needs a MessageGroupId.');
  }
  if (!deduplicationId) {
    throw new SqsError(
      'InvalidParameterValue',
      'The local SQS does not derive deduplication ids from bodies. Send a MessageDeduplicationId.',
    );
  }
  return { group, deduplicationId };
}

function sendMessage(input: unknown, served: Served): object {
  const message = parse(messageSchema.extend(queueSchema.shape), input);
  const queue = queueAt(message, served);
  if (Buffer.byteLength(message.MessageBody) > MAX_MESSAGE_BYTES) throw tooLarge();
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
    throw new SqsError(
      'TooManyEntriesInBatchRequest',
      'A batch must not have more than ten entries.',
    );
  }
  if (new Set(Entries.map(({ Id }) => Id)).size < Entries.length) {
    throw new SqsError('BatchEntryIdsNotDistinct', 'Two entries of the batch have the same Id.');
  }
  const size = Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0);
  if (size > MAX_MESSAGE_BYTES) throw tooLarge('BatchRequestTooLong');
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
    throw new SqsError('MessageNotInflight', 'No message in flight has this receipt handle.');
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
    throw new SqsError(
      'ResourceNotFoundException',
      `There is no such queue. Dead letters are in ${arns}.`,
    );
  }
  queue.redrive();
  return { TaskHandle: 'done' };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function tooLarge(code = 'InvalidParameterValue'): SqsError {
  return new SqsError(code, `A message or batch must not exceed ${MAX_MESSAGE_BYTES} bytes.`);
}
