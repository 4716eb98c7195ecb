import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { uploadSchema } from '../functions/http/schemas.ts';
import { latencies, percentile, samplePath } from './measure.ts';
import { startServer } from './server.ts';

/** Files that somebody drops into the bucket, and uploads of visitors through the API. */
const FILES = 1000;
const UPLOADS = 200;
/** How many of either are sent at a time. */
const IN_FLIGHT = 8;
/** Milliseconds between two looks at a result: they must not become the load that is measured. */
const LOOK_INTERVAL = 1000;

/**
 * The local cloud when many files come into its bucket while visitors upload notes: how long the visitors
 * wait, beside how long they wait without the files.
 */
export async function benchIntake(): Promise<void> {
  const alone = await waits(0);
  const beside = await waits(FILES);
  console.log(`\n${UPLOADS} uploads through the API at once, until each has its result`);
  console.log(`  alone                              ${latencies(alone)}`);
  console.log(`  with ${FILES} files into the bucket   ${latencies(beside)}`);
  const ratio = (share: number) =>
    (percentile(beside, share) / percentile(alone, share)).toFixed(2);
  console.log(`  ratio: p50 ${ratio(0.5)}, p99 ${ratio(0.99)}, longest ${ratio(1)}`);
}

/** Returns the milliseconds from each upload to its result. */
async function waits(files: number): Promise<number[]> {
  const server = await startServer({ hasCloud: true });
  try {
    const note = readFileSync(samplePath('plain.ogg'));
    // The function starts with its first upload.
    await result(server.url, await upload(server.url, note));
    const putting = drop(server.folder, note, files);
    const results: Promise<number>[] = [];
    await inParallel(UPLOADS, async () => {
      const id = await upload(server.url, note);
      results.push(result(server.url, id));
    });
    const times = await Promise.all(results);
    await putting;
    return times;
  } finally {
    server.kill();
  }
}

async function drop(folder: string, Body: Uint8Array, count: number): Promise<void> {
  const script = readFileSync(join(folder, '.undertone', 'env'), 'utf8');
  const env = parseEnv(script) as Record<string, string>;
  const s3 = new S3Client({
    endpoint: env.AWS_ENDPOINT_URL_S3,
    region: env.AWS_REGION,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    },
    forcePathStyle: true,
  });
  const Bucket = env.UNDERTONE_INBOX_BUCKET;
  await inParallel(count, (i) => s3.send(new PutObjectCommand({ Bucket, Key: `${i}.ogg`, Body })));
  s3.destroy();
}

/** Uploads a note and returns the path of its result. */
async function upload(url: string, note: Uint8Array<ArrayBuffer>): Promise<string> {
  const asked = await fetch(`${url}/v1/uploads`, { method: 'POST' });
  const { upload: form, result: path } = uploadSchema.parse(await asked.json());
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.set(name, value);
  body.set('file', new Blob([note]));
  const { status } = await fetch(form.url, { method: 'POST', body });
  if (status !== 204) throw new Error(`The storage answered ${status}.`);
  return path;
}

/** Waits for a result, and returns for how many milliseconds. */
async function result(url: string, path: string): Promise<number> {
  const start = performance.now();
  for (;;) {
    const { status } = await fetch(url + path);
    if (status === 200) return performance.now() - start;
    if (status !== 202) throw new Error(`The result answered ${status}.`);
    await sleep(LOOK_INTERVAL);
  }
}

async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}
