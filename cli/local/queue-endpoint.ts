import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { isLoopback } from '../serve/loopback.ts';
import type { LocalQueue } from './queue.ts';
import { closeServer } from './s3/server.ts';

const NAME = 'undertone-labels';
const ACCOUNT_ID = '000000000000';
const ARN = `arn:aws:sqs:local:${ACCOUNT_ID}:${NAME}`;
const DEAD_LETTER_ARN = `${ARN}-dead`;
/** Largest message, and largest batch of them, in bytes; as on SQS. */
const MAX_MESSAGE_BYTES = 2 ** 20;
const MAX_ENTRIES = 10;
const PROTOCOL = 'application/x-amz-json-1.0';

export interface QueueEndpoint {
  readonly endpoint: string;
  readonly queueUrl: string;
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

/**
 * Makes a queue reachable for SQS clients at 127.0.0.1, in the JSON protocol that current ones speak.
 * It takes what fills a queue, looks at it and redrives it: SendMessage, SendMessageBatch, GetQueueUrl,
 * GetQueueAttributes, StartMessageMoveTask.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
 */
export async function startQueueEndpoint(queue: LocalQueue, port = 0): Promise<QueueEndpoint> {
  let queueUrl = '';
  const server = createServer(async (request, response) => {
    try {
      answer(response, 200, await perform(request, queue, queueUrl));
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
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  queueUrl = `${endpoint}/${ACCOUNT_ID}/${NAME}`;
  return { endpoint, queueUrl, close: () => closeServer(server) };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': PROTOCOL }).end(JSON.stringify(body));
}

type Action = (queue: LocalQueue, input: unknown, queueUrl: string) => object;

const ACTIONS: Readonly<Record<string, Action>> = {
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  GetQueueUrl: getQueueUrl,
  GetQueueAttributes: getQueueAttributes,
  StartMessageMoveTask: startMessageMoveTask,
};

async function perform(request: IncomingMessage, queue: LocalQueue, queueUrl: string) {
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
  return action(queue, await inputOf(request), queueUrl);
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
  // Refused rather than forgotten.
  DelaySeconds: z.literal(0, 'The local queue has no delays.').optional(),
  MessageAttributes: z.undefined('The local queue has no message attributes.').optional(),
});
const queueSchema = z.object({ QueueUrl: z.string() });

function checkQueue({ QueueUrl }: z.infer<typeof queueSchema>): void {
  const isOurs = URL.canParse(QueueUrl) && new URL(QueueUrl).pathname === `/${ACCOUNT_ID}/${NAME}`;
  if (!isOurs) throw noSuchQueue();
}

function sendMessage(queue: LocalQueue, input: unknown): object {
  const { QueueUrl, MessageBody } = parse(messageSchema.extend(queueSchema.shape), input);
  checkQueue({ QueueUrl });
  if (Buffer.byteLength(MessageBody) > MAX_MESSAGE_BYTES) throw tooLong();
  return { MessageId: queue.send(MessageBody), MD5OfMessageBody: md5(MessageBody) };
}

function sendMessageBatch(queue: LocalQueue, input: unknown): object {
  const schema = queueSchema.extend({
    Entries: z.array(messageSchema.extend({ Id: z.string().regex(/^[\w-]{1,80}$/) })),
  });
  const { QueueUrl, Entries } = parse(schema, input);
  checkQueue({ QueueUrl });
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
  const Successful = Entries.map(({ Id, MessageBody }) => ({
    Id,
    MessageId: queue.send(MessageBody),
    MD5OfMessageBody: md5(MessageBody),
  }));
  return { Successful, Failed: [] };
}

function getQueueUrl(_: LocalQueue, input: unknown, queueUrl: string): object {
  if (parse(z.object({ QueueName: z.string() }), input).QueueName !== NAME) throw noSuchQueue();
  return { QueueUrl: queueUrl };
}

function getQueueAttributes(queue: LocalQueue, input: unknown): object {
  checkQueue(parse(queueSchema, input));
  const { waiting, inFlight } = queue.counts();
  return {
    Attributes: {
      QueueArn: ARN,
      ApproximateNumberOfMessages: String(waiting),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
      ApproximateNumberOfMessagesDelayed: '0',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: DEAD_LETTER_ARN }),
    },
  };
}

function startMessageMoveTask(queue: LocalQueue, input: unknown): object {
  const { SourceArn } = parse(z.object({ SourceArn: z.string() }), input);
  if (SourceArn !== DEAD_LETTER_ARN) {
    throw new SqsError('ResourceNotFoundException', `The dead letters are ${DEAD_LETTER_ARN}.`);
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

function noSuchQueue(): SqsError {
  return new SqsError('QueueDoesNotExist', `The local queue is called ${NAME}.`);
}
