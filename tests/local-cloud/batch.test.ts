import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { verdictSchema } from '../../core/index.ts';
import { encodeKey } from '../../functions/aws/notification.ts';
import { uploadSchema } from '../../functions/http/schemas.ts';
import { createRandom } from '../../training/random.ts';
import { cloudEnvironment, type ServeProcess, startServe } from '../cli/serve/process.ts';
import { silence, voiceLike, wavFile } from '../fixtures/audio.ts';
import { writeTinyModel } from '../fixtures/model.ts';
import { run } from '../fixtures/run.ts';

/** How many files there are; the figure of the benchmarks is that of 1000. */
const COUNT = Number(process.env.UNDERTONE_BATCH ?? 60);
/** Seconds after which a killed worker's messages come again: the shortest that is possible. */
const LABEL_TIMEOUT = 30;
const PATIENCE = { timeout: 120_000 + COUNT * 1500, interval: 500 };

interface File {
  readonly key: string;
  readonly body: Uint8Array | string;
  /** The emotion, or the code of the named error. */
  readonly answer: string;
}

let folder: string;
let cloud: string;
let model: string;
let server: ServeProcess;
let url: string;
let env: Record<string, string>;
let s3: S3Client;
let sqs: SQSClient;

async function start(): Promise<void> {
  const options = ['--no-inbox', '--cloud', cloud, '--label-timeout', String(LABEL_TIMEOUT)];
  server = startServe(folder, ['--port', '0', ...options], { UNDERTONE_MODEL: model });
  [, url] = await server.printed(/listening at (\S+)/);
  await server.printed(/The local cloud is up/);
  env = await cloudEnvironment(cloud);
  const account = {
    region: env.AWS_REGION,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    },
  };
  s3 = new S3Client({ ...account, endpoint: env.AWS_ENDPOINT_URL_S3, forcePathStyle: true });
  sqs = new SQSClient({ ...account, endpoint: env.AWS_ENDPOINT_URL_SQS });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-batch-'));
  cloud = join(folder, 'cloud');
  model = await writeTinyModel({ favourite: 'happy', confidence: 0.9 });
  await start();
});

afterAll(async () => {
  server.child.kill('SIGKILL');
  await server.exit;
  await rm(folder, { recursive: true });
  await rm(model, { recursive: true });
});

test(
  'as many answers as files, none lost or doubled, whatever is killed on the way',
  async () => {
    const random = createRandom(7);
    const files = shuffled(await makeFiles(), () => random.uniform());
    const doubled = files.filter((_, i) => i % 10 === 0);
    const visitors = files.filter((_, i) => i % 5 === 0 && files[i].body !== '');

    // While they come in, the workers are killed.
    const putting = upload(files);
    const results = visit(visitors);
    await killWorkerAfter(Math.ceil(COUNT * 0.1));
    await killWorkerAfter(Math.ceil(visitors.length * 0.3), 'classify-upload');
    await putting;
    const ids = await results;
    // In another order than they came.
    for (const file of shuffled(doubled, () => random.uniform())) await announceAgain(file);
    await killWorkerAfter(Math.ceil(COUNT * 0.4));
    // And once everything: the page, S3, the queue, and the worker with them.
    await answered(Math.ceil(COUNT * 0.6));
    server.child.kill('SIGKILL');
    await server.exit;
    await start();

    await vi.waitFor(async () => expect(await left()).toBe(0), PATIENCE);
    const options = ['labels', `s3://${env.UNDERTONE_RESULTS_BUCKET}/labels/`, '--jsonl'];
    const { code, stdout, stderr } = await run('cli/main.js', options, { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const labels = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(labels.map(({ key }) => key).sort()).toEqual(files.map(({ key }) => key).sort());
    const answers = new Map(labels.map((label) => [label.key, label]));
    for (const { key, body, answer } of files) {
      const { key: _, etag, size, uploadedAt, labelledAt, ...rest } = answers.get(key);
      expect(size).toBe(Buffer.byteLength(body));
      if (rest.error) expect(rest.error.code).toBe(answer);
      else expect(verdictSchema.parse(rest).emotion).toBe(answer);
    }
    expect(await readdir(join(cloud, 'queue', 'dead'))).toEqual([]);
    // Uploads are answered too, each with its own, and nothing of them is kept.
    for (const [i, { answer }] of visitors.entries()) {
      const response = await fetch(`${url}/v1/results/${ids[i]}`);
      const body = await response.json();
      expect(body).toMatchObject(response.ok ? { emotion: answer } : { code: answer });
    }
    const kept = new ListObjectsV2Command({ Bucket: env.UNDERTONE_UPLOADS_BUCKET });
    expect((await s3.send(kept)).Contents).toBeUndefined();

    server.child.kill('SIGTERM');
    expect(await server.exit).toMatchObject({ code: 0, err: '' });
  },
  2 * PATIENCE.timeout,
);

async function makeFiles(): Promise<File[]> {
  const opus = await readFile(fileURLToPath(new URL('../../samples/plain.ogg', import.meta.url)));
  const wav = wavFile(voiceLike({ seconds: 1 }));
  const kinds: readonly Omit<File, 'key'>[] = [
    { body: wav, answer: 'happy' },
    { body: wavFile(silence({ seconds: 1 })), answer: 'no-speech' },
    { body: opus, answer: 'happy' },
    { body: wav.subarray(0, 40), answer: 'audio-unreadable' },
    { body: '', answer: 'audio-missing' },
    { body: 'Dear diary', answer: 'format-unsupported' },
    { body: opus.subarray(0, 60), answer: 'audio-unreadable' },
    { body: new Uint8Array(2048).fill(0x89), answer: 'format-unsupported' },
  ];
  const names = [
    (i: number) => `notes/${i}.wav`,
    (i: number) => `wrong name ${i}.jpg`,
    (i: number) => `grüße/日本語 🎙 ${i}.ogg`,
    (i: number) => `a+b&c=${i}%20.wav`,
    (i: number) => `../${i}/./..//x`,
    (i: number) => `${'long/'.repeat(203)}${i}`.slice(-1024),
    (i: number) => `${i}?query#fragment`,
  ];
  // Numbers without a common divisor: every name meets every kind.
  return Array.from({ length: COUNT }, (_, i) => ({
    key: names[i % names.length](i),
    ...kinds[i % kinds.length],
  }));
}

/** Uploads a few at a time. */
async function upload(files: readonly File[]): Promise<void> {
  const queue = [...files];
  const lanes = Array.from({ length: 4 }, async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const { key: Key, body: Body } = file;
      const ContentLength = Buffer.byteLength(Body);
      const Bucket = env.UNDERTONE_INBOX_BUCKET;
      await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength }));
    }
  });
  await Promise.all(lanes);
}

/** Uploads recordings through the API, and returns the ids of their results. */
async function visit(files: readonly File[]): Promise<string[]> {
  const ids: string[] = [];
  for (const { body } of files) {
    const asked = await fetch(`${url}/v1/uploads`, { method: 'POST' });
    const { id, upload } = uploadSchema.parse(await asked.json());
    const form = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) form.set(name, value);
    form.set('file', new Blob([body as Uint8Array<ArrayBuffer>]));
    expect((await fetch(upload.url, { method: 'POST', body: form })).status).toBe(204);
    ids.push(id);
  }
  return ids;
}

/** Sends the notification of an object once more, as S3 does now and then. */
async function announceAgain({ key, body }: File): Promise<void> {
  const Bucket = env.UNDERTONE_INBOX_BUCKET;
  const { ETag, LastModified } = await s3.send(new HeadObjectCommand({ Bucket, Key: key }));
  const object = {
    key: encodeKey(key),
    size: Buffer.byteLength(body),
    eTag: ETag?.replaceAll('"', ''),
  };
  const event = {
    eventName: 'ObjectCreated:Put',
    eventTime: LastModified?.toISOString(),
    s3: { bucket: { name: Bucket }, object },
  };
  const MessageBody = JSON.stringify({ Records: [event] });
  await sqs.send(new SendMessageCommand({ QueueUrl: env.UNDERTONE_QUEUE_URL, MessageBody }));
}

/** Returns how many messages are not dealt with. */
async function left(): Promise<number> {
  const look = new GetQueueAttributesCommand({ QueueUrl: env.UNDERTONE_QUEUE_URL });
  const { Attributes = {} } = await sqs.send(look);
  return (
    (await readdir(join(cloud, 'uploads', 'messages'))).length +
    Number(Attributes.ApproximateNumberOfMessages) +
    Number(Attributes.ApproximateNumberOfMessagesNotVisible)
  );
}

/** Waits until a worker's log tells of so many answers, and returns the process ids in it. */
async function answered(count: number, worker = 'label'): Promise<number[]> {
  return vi.waitFor(
    async () => {
      const log = await readFile(join(cloud, `${worker}.log`), 'utf8');
      const ids = [...log.matchAll(/"message":"answered".*"function_request_id":"local-(\d+)-/g)];
      expect(ids.length).toBeGreaterThanOrEqual(count);
      return ids.map(([, id]) => Number(id));
    },
    { ...PATIENCE, interval: 50 },
  );
}

async function killWorkerAfter(count: number, worker?: string): Promise<void> {
  const id = (await answered(count, worker)).at(-1) ?? 0;
  process.kill(id, 'SIGKILL');
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => [random(), item] as const)
    .sort(([one], [other]) => one - other)
    .map(([, item]) => item);
}
