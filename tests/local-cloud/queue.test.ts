import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startEventSource } from '../../local-cloud/functions.ts';
import { LocalQueue } from '../../local-cloud/queue.ts';
import { type QueueEndpoint, startQueueEndpoint } from '../../local-cloud/sqs.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };

let folder: string;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-queue-'));
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await rm(folder, { recursive: true });
});

/** Opens the queue of the folder; whatever another one still held is as if its process were killed. */
function open({ visibilityTimeout = 60_000, maxReceiveCount = 3 } = {}): LocalQueue {
  return new LocalQueue({ name: 'undertone-labels', folder, visibilityTimeout, maxReceiveCount });
}

function bodies(queue: LocalQueue, limit = 10): string[] {
  return queue.receive(limit).map(({ body }) => body);
}

describe('a message', () => {
  test('is handed out once, in the shape that Lambda gets', () => {
    const queue = open();
    const id = queue.send('{"n":1}');
    const [record, ...others] = queue.receive(10);
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      messageId: id,
      body: '{"n":1}',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      eventSource: 'aws:sqs',
    });
    expect(queue.receive(10)).toEqual([]);
    expect(queue.counts()).toEqual({ waiting: 0, inFlight: 1, dead: 0 });
  });

  test('comes again when its time is over, and never once it is removed', () => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    closers.push(async () => vi.useRealTimers());
    const queue = open({ visibilityTimeout: 50 });
    queue.send('a');
    queue.send('b');
    const [first] = queue.receive(1);
    queue.remove(first.messageId);
    expect(bodies(queue)).toEqual(['b']);
    vi.advanceTimersByTime(49);
    expect(bodies(queue)).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(bodies(queue)).toEqual(['b']);
    expect(open({ visibilityTimeout: 50 }).counts()).toMatchObject({ waiting: 0, inFlight: 1 });
  });

  test('survives its process at any point', () => {
    open().send('waiting');
    expect(bodies(open())).toEqual(['waiting']);
    // Handed out and not removed: still kept from others by the one that comes after.
    expect(bodies(open())).toEqual([]);
    expect(open().counts()).toMatchObject({ waiting: 0, inFlight: 1 });
  });

  test('half written by a process that died is none', async () => {
    open().send('whole');
    await writeFile(join(folder, 'messages', 'x.json.tmp'), '{"id":');
    expect(bodies(open())).toEqual(['whole']);
    expect(await readdir(join(folder, 'messages'))).toHaveLength(1);
  });

  test('is kept from nobody for longer than was meant when the clock was set back', async () => {
    const queue = open();
    queue.send('a');
    vi.useFakeTimers({ now: Date.now() + 3_600_000 });
    queue.receive(1);
    vi.useRealTimers();
    const later = open({ visibilityTimeout: 50 });
    await vi.waitFor(() => expect(bodies(later)).toEqual(['a']), PATIENCE);
  });

  test.each([
    -3_600_000, 3_600_000,
  ])('is delivered again in time when the clock jumps by %i ms', (jump) => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    closers.push(async () => vi.useRealTimers());
    const queue = open({ visibilityTimeout: 50 });
    queue.send('a');
    queue.receive(1);
    vi.setSystemTime(Date.now() + jump);
    // Forwards it comes early, as it may: at least once.
    expect(bodies(queue)).toEqual(jump > 0 ? ['a'] : []);
    vi.advanceTimersByTime(51);
    expect(bodies(queue)).toEqual(['a']);
  });
});

test('whatever is sent, received, removed and killed, every message is there until it is removed', () => {
  const command = fc.constantFrom('send', 'receive', 'remove', 'kill');
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      // No time passes: what was handed out is visible again at once.
      const folder = mkdtempSync(join(tmpdir(), 'undertone-queue-'));
      const options = { name: 'any', folder, visibilityTimeout: 0, maxReceiveCount: 1000 };
      let queue = new LocalQueue(options);
      const expected = new Map<string, string>();
      const drain = () => {
        const all = new Map<string, string>();
        for (const { messageId, body } of queue.receive(1000)) all.set(messageId, body);
        return all;
      };
      for (const [i, name] of commands.entries()) {
        if (name === 'send') expected.set(queue.send(`body ${i}`), `body ${i}`);
        if (name === 'receive') queue.receive(2);
        if (name === 'kill') queue = new LocalQueue(options);
        if (name === 'remove') {
          const [id] = expected.keys();
          if (id) queue.remove(id);
          expected.delete(id);
        }
      }
      expect(drain()).toEqual(expected);
      rmSync(folder, { recursive: true });
    }),
    { numRuns: 30 },
  );
});

describe('dead letters', () => {
  async function withDeadLetter(): Promise<LocalQueue> {
    const queue = open({ visibilityTimeout: 0, maxReceiveCount: 2 });
    queue.send('poison');
    expect(bodies(queue)).toEqual(['poison']);
    expect(bodies(queue)).toEqual(['poison']);
    expect(bodies(queue)).toEqual([]);
    return queue;
  }

  test('are what failed too often, to be looked at', async () => {
    const queue = await withDeadLetter();
    expect(queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 1 });
    const [name] = await readdir(join(folder, 'dead'));
    const letter = JSON.parse(await readFile(join(folder, 'dead', name), 'utf8'));
    expect(letter).toMatchObject({ body: 'poison', receives: 2, reason: /^It was tried 2 times/ });
    expect(await readdir(join(folder, 'messages'))).toEqual([]);
  });

  test('come again with new tries when they are redriven', async () => {
    const queue = await withDeadLetter();
    expect(queue.redrive()).toBe(1);
    expect(bodies(queue)).toEqual(['poison']);
    expect(queue.counts().dead).toBe(0);
  });

  test('come again when a person moves the file, while it runs', async () => {
    const queue = await withDeadLetter();
    const [name] = await readdir(join(folder, 'dead'));
    await rename(join(folder, 'dead', name), join(folder, 'messages', name));
    await vi.waitFor(() => expect(bodies(queue)).toEqual(['poison']), PATIENCE);
  });

  test('hold what is no message as it was', async () => {
    open();
    await writeFile(join(folder, 'messages', 'letter.json'), 'Dear queue');
    expect(bodies(open())).toEqual([]);
    expect(await readFile(join(folder, 'dead', 'letter.damaged'), 'utf8')).toBe('Dear queue');
  });
});

describe('a handler', () => {
  function feed(
    queue: LocalQueue,
    handler: (event: SQSEvent) => Promise<SQSBatchResponse | undefined>,
    { batchSize = 10, concurrency = 1 } = {},
  ) {
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const end = startEventSource({ queue, handler, batchSize, concurrency, onError });
    closers.push(end);
    return { errors, end };
  }

  test('gets messages in batches, and only those that it names come again', async () => {
    const queue = open({ visibilityTimeout: 2000 });
    for (let i = 0; i < 25; i++) queue.send(String(i));
    const seen: string[][] = [];
    feed(queue, async ({ Records }) => {
      seen.push(Records.map(({ body }) => body));
      const isFirst = (count: string) => count === '1';
      return {
        batchItemFailures: Records.filter(
          ({ body, attributes }) => body === '7' && isFirst(attributes.ApproximateReceiveCount),
        ).map(({ messageId }) => ({ itemIdentifier: messageId })),
      };
    });
    await vi.waitFor(() => expect(seen.flat()).toHaveLength(26), PATIENCE);
    expect(seen.slice(0, 3).map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(seen[3]).toEqual(['7']);
    await vi.waitFor(
      () => expect(queue.counts()).toMatchObject({ waiting: 0, inFlight: 0 }),
      PATIENCE,
    );
  });

  test.each([
    ['throws', () => Promise.reject(new Error('out of memory'))],
    [
      'names a message of another batch',
      async () => ({ batchItemFailures: [{ itemIdentifier: 'x' }] }),
    ],
    ['names an empty id', async () => ({ batchItemFailures: [{ itemIdentifier: '' }] })],
  ])('that %s gets the whole batch again, until it is dead', async (_, handler) => {
    const queue = open({ visibilityTimeout: 20, maxReceiveCount: 2 });
    queue.send('a');
    queue.send('b');
    const { errors } = feed(queue, handler);
    await vi.waitFor(
      () => expect(queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 2 }),
      PATIENCE,
    );
    expect(errors.length).toBeGreaterThanOrEqual(2);
  });

  test('finishes what it has begun, and gets nothing more', async () => {
    const queue = open();
    for (let i = 0; i < 4; i++) queue.send(String(i));
    const gates: (() => void)[] = [];
    const handler = () =>
      new Promise<undefined>((resolve) => {
        gates.push(() => resolve(undefined));
      });
    const { end } = feed(queue, handler, { batchSize: 1, concurrency: 2 });
    expect(gates).toHaveLength(2);
    let isEnded = false;
    const ended = end().then(() => {
      isEnded = true;
    });
    gates[0]();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isEnded).toBe(false);
    gates[1]();
    await ended;
    expect(gates).toHaveLength(2);
    expect(queue.counts()).toEqual({ waiting: 2, inFlight: 0, dead: 0 });
  });
});

describe('SQS clients', () => {
  let queue: LocalQueue;
  let endpoint: QueueEndpoint;
  let client: SQSClient;

  beforeEach(async () => {
    queue = open({ visibilityTimeout: 0, maxReceiveCount: 1 });
    endpoint = await startQueueEndpoint([queue]);
    client = new SQSClient({
      endpoint: endpoint.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    });
    closers.push(async () => client.destroy(), endpoint.close);
  });

  test('send messages, one and many, which are on the disk by then', async () => {
    const QueueUrl = endpoint.urlOf(queue);
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'grüße "\n🎙' }));
    const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: `body ${Id}` }));
    const answer = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['a', 'b']);
    expect(bodies(open()).sort()).toEqual(['body a', 'body b', 'grüße "\n🎙']);
  });

  test('look at the queue and redrive it', async () => {
    const found = await client.send(new GetQueueUrlCommand({ QueueName: 'undertone-labels' }));
    expect(found.QueueUrl).toBe(endpoint.urlOf(queue));
    queue.send('a');
    const look = new GetQueueAttributesCommand({
      QueueUrl: found.QueueUrl,
      AttributeNames: ['All'],
    });
    const { Attributes = {} } = await client.send(look);
    expect(Attributes.ApproximateNumberOfMessages).toBe('1');
    queue.receive(1);
    queue.receive(1);
    expect(queue.counts().dead).toBe(1);
    const { deadLetterTargetArn } = JSON.parse(Attributes.RedrivePolicy ?? '');
    await client.send(new StartMessageMoveTaskCommand({ SourceArn: deadLetterTargetArn }));
    expect(bodies(queue)).toEqual(['a']);
  });

  test.each([
    ['another queue', { QueueUrl: 'http://127.0.0.1/000000000000/other' }, 'QueueDoesNotExist'],
    ['no entries', { Entries: [] }, 'EmptyBatchRequest'],
    ['eleven entries', { Entries: entries(11) }, 'TooManyEntriesInBatchRequest'],
    ['one id twice', { Entries: [...entries(1), ...entries(1)] }, 'BatchEntryIdsNotDistinct'],
    ['too many bytes', { Entries: entries(2, 'x'.repeat(600_000)) }, 'BatchRequestTooLong'],
    ['a delay', { Entries: [{ ...entries(1)[0], DelaySeconds: 9 }] }, 'InvalidParameterValue'],
  ])('hear the name of what is wrong with %s', async (_, input, name) => {
    const QueueUrl = endpoint.urlOf(queue);
    const command = new SendMessageBatchCommand({ QueueUrl, Entries: entries(1), ...input });
    await expect(client.send(command)).rejects.toThrow(expect.objectContaining({ name }));
    expect(queue.counts().waiting).toBe(0);
  });

  test('hear that an action is not there', async () => {
    const command = new ReceiveMessageCommand({ QueueUrl: endpoint.urlOf(queue) });
    await expect(client.send(command)).rejects.toThrow('no action "ReceiveMessage"');
  });

  test('are none when they are web pages', async () => {
    const headers = { 'x-amz-target': 'AmazonSQS.SendMessage', authorization: 'AWS4' };
    const body = JSON.stringify({ QueueUrl: endpoint.urlOf(queue), MessageBody: 'a' });
    const send = (more: Record<string, string>) =>
      fetch(endpoint.endpoint, { method: 'POST', body, headers: { ...headers, ...more } });
    expect((await send({})).status).toBe(200);
    expect((await send({ origin: 'https://evil.example' })).status).toBe(400);
    expect(queue.counts().waiting).toBe(1);
  });
});

function entries(count: number, MessageBody = 'body') {
  return Array.from({ length: count }, (_, i) => ({ Id: `id${i}`, MessageBody }));
}
