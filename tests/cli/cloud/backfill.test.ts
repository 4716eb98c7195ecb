import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createdObjects } from '../../../functions/aws/notification.ts';
import { type LocalAws, startLocalAws } from '../../../local-cloud/aws.ts';
import { LocalQueue } from '../../../local-cloud/queue.ts';
import { type QueueEndpoint, startQueueEndpoint } from '../../../local-cloud/sqs.ts';
import { run } from '../../fixtures/run.ts';

/** More than one page of a listing, and names that are hard to carry. */
const ORDINARY = Array.from({ length: 1020 }, (_, i) => `notes/${String(i).padStart(4, '0')}.wav`);
const ODD = ['notes/a+b c.wav', 'notes/grüße 🎙/100%.ogg', 'notes/../x.wav', 'notes/%2F.wav'];
/** A bucket of its own: three chunks, and what is left out. */
const SMALL = Array.from({ length: 250 }, (_, i) => `part/${String(i).padStart(3, '0')}.wav`);
const OTHERS = ['one/1.wav', 'folder/'];

let aws: LocalAws;
let inbox: string;
let other: string;
let folder: string;
let queue: LocalQueue;
let endpoint: QueueEndpoint;
let env: Record<string, string>;

beforeAll(async () => {
  aws = await startLocalAws({ folder: null });
  inbox = aws.env.UNDERTONE_INBOX_BUCKET;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = aws.env;
  const client = new S3Client({
    endpoint: aws.endpoints.s3,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  other = aws.env.UNDERTONE_RESULTS_BUCKET;
  const put = (Bucket: string, Key: string) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: Key.endsWith('/') ? '' : `Hi, ${Key}` }));
  await Promise.all([...ORDINARY, ...ODD].map((key) => put(inbox, key)));
  await Promise.all([...SMALL, ...OTHERS].map((key) => put(other, key)));
  client.destroy();
});

afterAll(() => aws.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-backfill-'));
  queue = new LocalQueue({
    name: 'undertone-labels',
    folder: join(folder, 'queue'),
    visibilityTimeout: 1e6,
    maxReceiveCount: 3,
  });
  endpoint = await startQueueEndpoint([queue]);
  env = { ...aws.env, AWS_ENDPOINT_URL_SQS: endpoint.endpoint };
});

afterEach(async () => {
  await endpoint.close();
  await rm(folder, { recursive: true });
});

function backfill(address: string, ...more: string[]) {
  const checkpoint = ['--checkpoint', join(folder, 'checkpoint.json')];
  const queueUrl = more.includes('--queue-url') ? [] : ['--queue-url', endpoint.urlOf(queue)];
  return run('cli/main.js', ['backfill', address, ...queueUrl, ...checkpoint, ...more], { env });
}

function received() {
  const records = queue.receive(Number.POSITIVE_INFINITY);
  return records.flatMap(({ body }) => createdObjects(body));
}

test('puts every recording below a prefix into the queue, as S3 would have', async () => {
  const { code, stderr } = await backfill(`s3://${inbox}/notes/`);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: `Enqueued 1024 from s3://${inbox}/notes/.\n`,
  });
  const objects = received();
  expect(objects.map(({ key }) => key).sort()).toEqual([...ORDINARY, ...ODD].sort());
  expect(objects.find(({ key }) => key === 'notes/a+b c.wav')).toEqual({
    bucket: inbox,
    key: 'notes/a+b c.wav',
    size: 'Hi, notes/a+b c.wav'.length,
    etag: expect.stringMatching(/^[0-9a-f]{32}$/),
    uploadedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  expect(existsSync(join(folder, 'checkpoint.json'))).toBe(false);
});

test('takes the whole bucket, without folders', async () => {
  expect((await backfill(`s3://${other}`)).code).toBe(0);
  const keys = received().map(({ key }) => key);
  expect(keys.sort()).toEqual(['one/1.wav', ...SMALL]);
});

test('goes on where it was stopped, and misses nothing', async () => {
  const failing = await startFailingQueue(15);
  const broken = await backfill(`s3://${other}/part/`, '--queue-url', failing.url);
  expect(broken.code).toBe(1);
  expect(broken.stderr).toMatch(/^Enqueued 100\. To continue, add --resume to the same command\./);
  expect(broken.stderr).toContain('lack permission');
  failing.repair();
  const again = await backfill(`s3://${other}/part/`, '--queue-url', failing.url, '--resume');
  expect(again).toMatchObject({
    code: 0,
    stderr: `Continuing after 100.\nEnqueued 250 from s3://${other}/part/.\n`,
  });
  await failing.close();
  const keys = received().map(({ key }) => key);
  expect(keys.length).toBeLessThanOrEqual(250 + 50);
  expect([...new Set(keys)].sort()).toEqual(SMALL);
});

test('starts at the first when there is nothing to resume', async () => {
  const { code, stderr } = await backfill(`s3://${other}/one/`, '--resume');
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: `Nothing to resume: starting with the first object.\nEnqueued 1 from s3://${other}/one/.\n`,
  });
});

test.each([
  [
    'is about something else',
    '{"source":"s3://a/","queueUrl":"q","after":"k","enqueued":1}',
    'is about s3://a/',
  ],
  ['is none', 'Dear checkpoint', 'is not the checkpoint'],
])('does not resume from a checkpoint that %s', async (_, content, sentence) => {
  await writeFile(join(folder, 'checkpoint.json'), content);
  const { code, stderr } = await backfill(`s3://${other}/one/`, '--resume');
  expect(code).toBe(1);
  expect(stderr).toContain(sentence);
  expect(stderr).toContain('--checkpoint');
});

test.each([
  ['a bucket that is not there', 's3://no-such-bucket/x', [], 1, 'There is no such bucket'],
  [
    'a queue that is not there',
    's3://undertone-inbox',
    ['--queue-url', 'QUEUE'],
    1,
    'There is no such queue',
  ],
  [
    'a queue that is no address',
    's3://undertone-inbox',
    ['--queue-url', 'labels'],
    1,
    'is not the URL of a queue',
  ],
  [
    'a queue that cannot be reached',
    's3://undertone-inbox',
    ['--queue-url', 'http://127.0.0.1:9/1/q'],
    1,
    'cannot be reached',
  ],
  [
    'an address that is not S3',
    'https://example.com/a',
    [],
    2,
    'Give an address such as s3://bucket',
  ],
  ['a bucket name that cannot be', 's3://A/x', [], 2, 'Give an address such as s3://bucket'],
])('says what helps with %s', async (_, address, options, exitCode, sentence) => {
  const missing = `${endpoint.endpoint}/000000000000/other`;
  const filled = options.map((option) => (option === 'QUEUE' ? missing : option));
  const { code, stderr, stdout } = await backfill(address, ...filled);
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
});

test('asks for a queue when none is named', async () => {
  const { code, stderr } = await run('cli/main.js', ['backfill', `s3://${inbox}`], {
    env: { ...env, UNDERTONE_QUEUE_URL: '' },
  });
  expect(code).toBe(1);
  expect(stderr).toBe('Set the queue with --queue-url or UNDERTONE_QUEUE_URL.\n');
});

interface FailingQueue {
  readonly url: string;
  /** From now on it takes everything. */
  repair(): void;
  close(): Promise<void>;
}

/** A way to the queue on which some batches come through, and the others are refused. */
async function startFailingQueue(batches: number): Promise<FailingQueue> {
  let left = batches;
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (left-- <= 0) {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end('{"__type":"com.amazonaws.sqs#AccessDeniedException","message":"no"}');
      return;
    }
    const { authorization = '', 'x-amz-target': target } = request.headers;
    const headers = { authorization, 'x-amz-target': String(target) };
    const answer = await fetch(endpoint.endpoint, { method: 'POST', body, headers });
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(await answer.text());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: endpoint.urlOf(queue).replace(/:\d+/, `:${port}`),
    repair: () => {
      left = Number.POSITIVE_INFINITY;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
