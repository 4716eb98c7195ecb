import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startEventSource } from '../../local-cloud/functions.ts';
import { LocalQueue } from '../../local-cloud/queue.ts';
import { type QueueEndpoint, startQueueEndpoint } from '../../local-cloud/sqs.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };
const NAME = 'undertone-chat.fifo';

let folder: string;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-fifo-'));
});

afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0)) await close();
  await rm(folder, { recursive: true });
});

/** Opens the queue of the folder; whatever another one still held is as if its process were killed. */
function open({ visibilityTimeout = 60_000, maxReceiveCount = 3 } = {}): LocalQueue {
  return new LocalQueue({ name: NAME, folder, visibilityTimeout, maxReceiveCount });
}

/** Sends a message whose body tells its group and its place in it. */
function send(queue: LocalQueue, body: string): string {
  return queue.send(body, { group: body[0], deduplicationId: body });
}

function bodies(queue: LocalQueue, limit = 10): string[] {
  return queue.receive(limit).map(({ body }) => body);
}

describe('a group', () => {
  test('has one message at a time, in the order in which they came', () => {
    const queue = open();
    for (const body of ['a1', 'a2', 'b1', 'a3', 'b2']) send(queue, body);
    const [a1, b1, ...others] = queue.receive(10);
    expect([a1.body, b1.body]).toEqual(['a1', 'b1']);
    expect(others).toEqual([]);
    expect(a1.attributes).toMatchObject({ MessageGroupId: 'a', MessageDeduplicationId: 'a1' });
    expect(a1.eventSourceARN).toMatch(/:undertone-chat\.fifo$/);
    expect(bodies(queue)).toEqual([]);
    queue.remove(a1.messageId);
    expect(bodies(queue)).toEqual(['a2']);
    expect(bodies(queue)).toEqual([]);
    queue.remove(b1.messageId);
    expect(bodies(queue)).toEqual(['b2']);
  });

  test('waits for a message that failed, which comes first again', () => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    const queue = open({ visibilityTimeout: 50 });
    for (const body of ['a1', 'a2', 'b1']) send(queue, body);
    expect(bodies(queue)).toEqual(['a1', 'b1']);
    vi.setSystemTime(Date.now() + 49);
    expect(bodies(queue)).toEqual([]);
    vi.setSystemTime(Date.now() + 1);
    expect(bodies(queue)).toEqual(['a1', 'b1']);
  });

  test('goes on when a message is given up', () => {
    const queue = open({ visibilityTimeout: 0, maxReceiveCount: 1 });
    for (const body of ['a1', 'a2']) send(queue, body);
    expect(bodies(queue)).toEqual(['a1']);
    expect(bodies(queue)).toEqual(['a2']);
    expect(queue.counts().dead).toBe(1);
  });

  test('keeps its order, and what is in flight, when the process dies', () => {
    const first = open();
    for (let i = 0; i < 40; i++) send(first, `a${i}`);
    const [a0] = first.receive(1);
    const second = open();
    expect(bodies(second)).toEqual([]);
    second.remove(a0.messageId);
    for (let i = 1; i < 40; i++) {
      const [record] = open().receive(10);
      expect(record.body).toBe(`a${i}`);
      open().remove(record.messageId);
    }
  });

  test('keeps its order when the clock is set back between two processes', async () => {
    vi.useFakeTimers({ now: Date.now() + 3_600_000 });
    send(open(), 'a1');
    vi.useRealTimers();
    const queue = open({ visibilityTimeout: 50 });
    send(queue, 'a2');
    await vi.waitFor(() => expect(bodies(queue)).toEqual(['a1']), PATIENCE);
  });
});

test('whatever is sent, received, failed and killed, each group comes in order', () => {
  const command = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('send a', 'send b', 'send c') },
    { weight: 3, arbitrary: fc.constantFrom('receive', 'remove') },
    { weight: 1, arbitrary: fc.constantFrom('fail', 'kill') },
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const folder = mkdtempSync(join(tmpdir(), 'undertone-fifo-'));
      const options = { name: NAME, folder, maxReceiveCount: 1000 };
      const long = () => new LocalQueue({ ...options, visibilityTimeout: 60_000 });
      // Whatever is handed out has failed at once.
      const failed = () => new LocalQueue({ ...options, visibilityTimeout: 0 });
      let queue = long();
      let isLong = true;
      let sent = 0;
      const left: Record<string, string[]> = { a: [], b: [], c: [] };
      const flying = new Map<string, string>();
      for (const name of commands) {
        if (name.startsWith('send')) {
          const body = `${name.at(-1)}${sent++}`;
          send(queue, body);
          left[body[0]].push(body);
        }
        if (name === 'receive') {
          for (const { body, messageId } of queue.receive(2)) {
            expect(body).toBe(left[body[0]][0]);
            expect([...flying.values()].some((other) => other[0] === body[0])).toBe(false);
            if (isLong) flying.set(messageId, body);
          }
        }
        if (name === 'remove') {
          for (const [id, body] of flying) {
            queue.remove(id);
            expect(left[body[0]].shift()).toBe(body);
          }
          flying.clear();
        }
        if (name === 'kill') {
          queue = long();
          isLong = true;
        }
        if (name === 'fail') {
          queue = failed();
          isLong = false;
          flying.clear();
        }
      }
      // Whatever is left comes out of a new one, group by group in order.
      const rest = failed();
      for (let round = rest.receive(100); round.length; round = rest.receive(100)) {
        for (const { body, messageId } of round) {
          expect(left[body[0]].shift()).toBe(body);
          rest.remove(messageId);
        }
      }
      expect(Object.values(left).flat()).toEqual([]);
      rmSync(folder, { recursive: true });
    }),
    { numRuns: 30 },
  );
});

describe('what is sent twice', () => {
  test('is one message, also when the first has been dealt with, by another process', () => {
    const queue = open();
    const id = send(queue, 'a1');
    expect(send(queue, 'a1')).toBe(id);
    expect(bodies(queue)).toEqual(['a1']);
    queue.remove(id);
    expect(send(queue, 'a1')).toBe(id);
    expect(send(open(), 'a1')).toBe(id);
    expect(open().counts()).toMatchObject({ waiting: 0, inFlight: 0 });
  });

  test('is known although the process died before it could note it', async () => {
    const id = send(open(), 'a1');
    await writeFile(join(folder, 'recent.json'), '[{"dedup');
    expect(send(open(), 'a1')).toBe(id);
    expect(bodies(open())).toEqual(['a1']);
  });

  test('is two messages after five minutes', () => {
    const queue = open();
    const id = send(queue, 'a1');
    queue.remove(id);
    vi.useFakeTimers({ now: Date.now() + 5 * 60_000 + 1000 });
    expect(send(queue, 'a1')).not.toBe(id);
    expect(bodies(queue)).toEqual(['a1']);
  });
});

test('500 notes over 20 channels: each once, in order, channels side by side', async () => {
  const queue = open();
  const seen = new Map<string, number[]>();
  let atATime = 0;
  let most = 0;
  const handler = async ({ Records: [{ body, attributes }] }: SQSEvent) => {
    most = Math.max(most, ++atATime);
    await new Promise((resolve) => setImmediate(resolve));
    const group = String(attributes.MessageGroupId);
    seen.set(group, [...(seen.get(group) ?? []), Number(body)]);
    atATime--;
    return undefined;
  };
  const onError = (error: unknown) => expect(error).toBeUndefined();
  closers.push(startEventSource({ queue, handler, batchSize: 1, concurrency: 4, onError }));
  for (let i = 0; i < 500; i++) {
    const message = { group: `channel ${i % 20}`, deduplicationId: `note ${i}` };
    queue.send(String(i), message);
    queue.send(String(i), message);
  }
  await vi.waitFor(() => expect([...seen.values()].flat()).toHaveLength(500), PATIENCE);
  expect(seen.size).toBe(20);
  for (const notes of seen.values()) expect(notes).toEqual([...notes].sort((a, b) => a - b));
  expect(most).toBe(4);
  expect(await readdir(join(folder, 'messages'))).toEqual([]);
});

describe('SQS clients', () => {
  let queue: LocalQueue;
  let endpoint: QueueEndpoint;
  let client: SQSClient;
  let QueueUrl: string;

  beforeEach(async () => {
    queue = open();
    const labels = new LocalQueue({
      ...{ name: 'undertone-labels', folder: join(folder, 'labels') },
      ...{ visibilityTimeout: 0, maxReceiveCount: 1 },
    });
    endpoint = await startQueueEndpoint([labels, queue]);
    QueueUrl = endpoint.urlOf(queue);
    client = new SQSClient({
      endpoint: endpoint.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    });
    closers.push(async () => client.destroy(), endpoint.close);
  });

  const order = { MessageGroupId: 'C1', MessageDeduplicationId: 'Ev1' };

  test('send to the queue that they name, and what comes twice comes once', async () => {
    const message = { QueueUrl, MessageBody: 'a', ...order };
    const first = await client.send(new SendMessageCommand(message));
    const again = await client.send(new SendMessageCommand(message));
    expect(again.MessageId).toBe(first.MessageId);
    const Entries = ['1', '2'].map((Id) => ({
      ...{ Id, MessageBody: Id },
      ...{ MessageGroupId: 'C2', MessageDeduplicationId: `Ev${Id}x` },
    }));
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(bodies(queue)).toEqual(['a', '1']);
  });

  test('find it by its name, and see that it is one of those', async () => {
    const found = await client.send(new GetQueueUrlCommand({ QueueName: NAME }));
    expect(found.QueueUrl).toBe(QueueUrl);
    const look = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
    const { Attributes } = await client.send(look);
    expect(Attributes).toMatchObject({ FifoQueue: 'true' });
    expect(JSON.parse(Attributes?.RedrivePolicy ?? '').deadLetterTargetArn).toMatch(
      /:undertone-chat-dead\.fifo$/,
    );
  });

  test('put a message off, by the receipt of whoever has it, and its group waits', async () => {
    for (const body of ['a1', 'a2']) send(queue, body);
    const [{ receiptHandle: ReceiptHandle }] = queue.receive(1);
    const hide = (VisibilityTimeout: number) =>
      client.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }),
      );
    await hide(600);
    vi.useFakeTimers({ now: Date.now() + 300_000, toFake: ['Date'] });
    // Also for the process that comes after this one.
    expect([bodies(queue), bodies(open())]).toEqual([[], []]);
    await hide(0);
    expect(bodies(queue)).toEqual(['a1']);
    await expect(hide(0)).rejects.toThrow(expect.objectContaining({ name: 'MessageNotInflight' }));
    await expect(hide(43_201)).rejects.toThrow(
      expect.objectContaining({ name: 'InvalidParameterValue' }),
    );
  });

  test.each([
    ['a group', { MessageDeduplicationId: 'Ev1' }, 'MissingParameter'],
    ['a deduplication id', { MessageGroupId: 'C1' }, 'InvalidParameterValue'],
  ])('hear that %s is missing, and nothing is sent', async (_, given, name) => {
    const message = { MessageBody: 'a', ...given };
    const alone = new SendMessageCommand({ QueueUrl, ...message });
    await expect(client.send(alone)).rejects.toThrow(expect.objectContaining({ name }));
    const entries = [
      { Id: '1', MessageBody: 'b', ...order },
      { Id: '2', ...message },
    ];
    const many = new SendMessageBatchCommand({ QueueUrl, Entries: entries });
    await expect(client.send(many)).rejects.toThrow(expect.objectContaining({ name }));
    expect(queue.counts().waiting).toBe(0);
  });
});
