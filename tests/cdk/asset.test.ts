import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { APIGatewayProxyResult, S3Event } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verdictSchema } from '../../core/index.ts';
import { DEVICE_LIST, deviceFiles } from '../../functions/http/device.ts';
import { PAGE, readPageDocument } from '../../functions/http/page.ts';
import { CHAT_ROUTES, ROUTES } from '../../functions/routes.ts';
import { ROOT } from '../../lib/root.ts';
import { startLocalAws } from '../../local-cloud/aws.ts';
import { silence, voiceLike, wavFile } from '../fixtures/audio.ts';
import { encode } from '../fixtures/encode.ts';
import { emotionEvent } from '../functions/event.ts';
import { startLambda } from '../support/runtime-api.ts';
import { type Assembly, CHAT, type Context, synthesise } from './synth.ts';

/** The architecture of this machine, so that the bundles can run here. */
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x86_64';
const OTHER = process.arch === 'arm64' ? 'x64' : 'arm64';
/** Lambda allows 250 MB; this is our own limit. */
const MAX_MB = 160;
/** The larger of the two binaries of ffmpeg-static b6.1.1 (linux-x64), rounded up. */
const FFMPEG_MB = 80;

const NODES = [
  ['this', process.execPath],
  ['22', process.env.UNDERTONE_NODE22],
  ['24', process.env.UNDERTONE_NODE24],
] as const;

/** A static ffmpeg for this machine, for the layer. */
const { UNDERTONE_STATIC_FFMPEG } = process.env;

let assembly: Assembly;
let folder: string;

beforeAll(async () => {
  const ffmpeg: Context = UNDERTONE_STATIC_FFMPEG
    ? {
        ffmpeg: UNDERTONE_STATIC_FFMPEG,
        ffmpegSha256: createHash('sha256')
          .update(readFileSync(UNDERTONE_STATIC_FFMPEG))
          .digest('hex'),
      }
    : { ffmpeg: 'none' };
  assembly = await synthesise({ architecture: ARCHITECTURE, ...ffmpeg, ...CHAT });
  if (assembly.finished.code !== 0) throw new Error(assembly.finished.stderr);
  // Outside the checkout, so that no package is resolved from it.
  folder = await mkdtemp(join(tmpdir(), 'undertone-task-'));
  await cp(assembly.assetOf('emotion'), folder, { recursive: true });
});

afterAll(async () => {
  await assembly[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe('a deployment', () => {
  test('fits into the size limit', async () => {
    const layer = assembly.layer();
    const ffmpeg = layer ? await megabytes(layer) : FFMPEG_MB;
    expect((await megabytes(folder)) + ffmpeg).toBeLessThan(MAX_MB);
    for (const name of ['label', 'classify-upload']) {
      expect((await megabytes(assembly.assetOf(name))) + ffmpeg).toBeLessThan(MAX_MB);
    }
  });

  test('has onnxruntime for one platform, only in functions that run the model', async () => {
    const platforms = join(folder, 'node_modules/onnxruntime-node/bin/napi-v6');
    expect(await readdir(platforms)).toEqual(['linux']);
    expect(await readdir(join(platforms, 'linux'))).toEqual([process.arch]);
    expect(existsSync(join(platforms, 'linux', OTHER))).toBe(false);
    const light = new Set<string>([...ROUTES, ...CHAT_ROUTES].map(({ handler }) => handler));
    light.delete('emotion');
    light.add('fail-upload');
    light.add('deliver-callback');
    // The worker contains the clients of both platforms.
    const worker = assembly.assetOf('chat');
    for (const asset of [...[...light].map(assembly.assetOf), worker]) {
      expect(existsSync(join(asset, 'node_modules'))).toBe(false);
      expect(await megabytes(asset)).toBeLessThan(asset === worker ? 6 : 4);
    }
  });

  test('has the files of the page, and those from packages', async () => {
    const uploaded = await Promise.all(assembly.pageAssets().map(filesIn));
    const here = await filesIn(join(ROOT, PAGE.folder));
    const more = [...Object.keys(PAGE.vendor), 'not-found.json', PAGE.limits, DEVICE_LIST];
    const device = deviceFiles(join(ROOT, 'model')).files.map(({ path }) => basename(path));
    expect(uploaded.flat().sort()).toEqual([...here, ...more, ...device].sort());
  });

  test('has what classifies on the visitor’s device, compressed where CloudFront would not', async () => {
    const { files } = deviceFiles(join(ROOT, 'model'));
    for (const { path, source, brotli } of files) {
      const [uploaded] = assembly
        .pageAssets()
        .map((asset) => join(asset, basename(path)))
        .filter(existsSync);
      const bytes = readFileSync(uploaded);
      expect((brotli ? brotliDecompressSync(bytes) : bytes).equals(readFileSync(source))).toBe(
        true,
      );
      // CloudFront compresses up to 10 MB.
      expect(bytes.length).toBeLessThan(10_000_000);
    }
  });

  test('has the inline style that the policy allows', async () => {
    const [document] = assembly
      .pageAssets()
      .map((asset) => join(asset, 'index.html'))
      .filter(existsSync);
    const { html, styleSource } = readPageDocument(join(ROOT, PAGE.folder));
    expect(html).toMatch(/<style>[^<]*\.record \{/);
    expect(await readFile(document, 'utf8')).toBe(html);
    expect(JSON.stringify(assembly.template())).toContain(`style-src 'self' ${styleSource};`);
  });

  test('has an image with a single file, built without packages', async () => {
    const image = assembly.imageAsset();
    expect(await filesIn(image)).toEqual(['Dockerfile', 'index.mjs']);
    const dockerfile = await readFile(join(image, 'Dockerfile'), 'utf8');
    expect(dockerfile).toMatch(/^FROM node\$\{NODE\}$/m);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(await megabytes(image)).toBeLessThan(6);
  });
});

describe.each(NODES)('on Node %s', (version, node) => {
  test('the native library is in its place', () => {
    if (process.env.CI) expect(node, `UNDERTONE_NODE${version} names no node`).toBeTruthy();
  });

  test.runIf(node)('a note gets its verdict, and the instance stays for more', async () => {
    await using lambda = await startLambda({ folder, node: node! });
    const note = wavFile(voiceLike({ seconds: 3, seed: 4 }));
    const first = await lambda.invoke<APIGatewayProxyResult>(emotionEvent({ body: note }));
    expect(first).toMatchObject({ isError: false, payload: { statusCode: 200 } });
    const { body, headers } = first.payload as APIGatewayProxyResult;
    expect(verdictSchema.parse(JSON.parse(body)).duration).toBe(3);
    expect(headers?.['x-request-id']).toBe(emotionEvent().requestContext.requestId);

    const { pid } = lambda;
    const quiet = emotionEvent({
      body: wavFile(silence({ seconds: 1 })),
      query: { timeline: 'false' },
    });
    const second = await lambda.invoke<APIGatewayProxyResult>(quiet);
    expect(lambda.pid).toBe(pid);
    expect(JSON.parse((second.payload as APIGatewayProxyResult).body).emotion).toBe('no-speech');
  });

  test.runIf(node)('bad input is answered, not thrown', async () => {
    await using lambda = await startLambda({ folder, node: node! });
    const answer = await lambda.invoke(emotionEvent({ body: 'not audio', isText: true }));
    expect(answer).toMatchObject({ isError: false, payload: { statusCode: 415 } });
    // A tag without an MP3 frame: it needs ffmpeg, and there is no layer here.
    const mp3 = await lambda.invoke(emotionEvent({ body: Buffer.from('ID3\x04\0\0\0\0\0\0') }));
    expect(mp3).toMatchObject({ isError: false, payload: { statusCode: 500 } });
    expect((mp3.payload as APIGatewayProxyResult).body).toContain('decoder-missing');
    if (process.platform !== 'linux') return;
    // What ffmpeg could read of the function that started it. Not printed, should this fail.
    const environ = await readFile(`/proc/${lambda.pid}/environ`, 'latin1');
    expect(environ.length).toBeGreaterThan(0);
    expect(/[^\0]/.test(environ)).toBe(false);
  });
});

describe('ffmpeg in the layer', () => {
  test('is in its place', () => {
    if (process.env.CI) expect(UNDERTONE_STATIC_FFMPEG).toBeTruthy();
  });

  test.runIf(UNDERTONE_STATIC_FFMPEG)('decodes what the function itself does not', async () => {
    const environment = { FFMPEG_BIN: join(assembly.layer()!, 'bin', 'ffmpeg') };
    await using lambda = await startLambda({ folder, environment });
    const note = wavFile(voiceLike({ seconds: 2 }));
    for (const extension of ['m4a', 'aac']) {
      const body = encode(note, extension);
      const { payload } = await lambda.invoke<APIGatewayProxyResult>(emotionEvent({ body }));
      const answer = payload as APIGatewayProxyResult;
      expect(answer.statusCode, answer.body).toBe(200);
      expect(JSON.parse(answer.body).duration).toBeCloseTo(2, 0);
    }
  });
});

test('the label function labels an object in a bucket', async () => {
  const aws = await startLocalAws({ folder: null });
  const task = await mkdtemp(join(tmpdir(), 'undertone-task-'));
  await cp(assembly.assetOf('label'), task, { recursive: true });
  try {
    const { endpoints, env } = aws;
    const client = new S3Client({
      endpoint: endpoints.s3,
      region: env.AWS_REGION,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      credentials: {
        accessKeyId: env.AWS_ACCESS_KEY_ID,
        secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
      },
    });
    const announced = new Promise<S3Event>((resolve) => aws.onObjectCreated(resolve));
    const Body = wavFile(voiceLike({ seconds: 2 }));
    const Key = 'calls/zoë + 1.wav';
    await client.send(new PutObjectCommand({ Bucket: env.UNDERTONE_INBOX_BUCKET, Key, Body }));
    const body = JSON.stringify(await announced);
    const lambda = await startLambda({ folder: task, environment: env });
    const attributes = { ApproximateReceiveCount: '1' };
    const answer = await lambda.invoke({ Records: [{ messageId: '1', body, attributes }] });
    await lambda.close();
    expect(answer, lambda.log).toEqual({ isError: false, payload: { batchItemFailures: [] } });
    expect(lambda.log).not.toContain('calls/');
    const { Contents } = await client.send(
      new ListObjectsV2Command({ Bucket: env.UNDERTONE_RESULTS_BUCKET }),
    );
    expect(Contents?.map((object) => object.Key)).toEqual([
      expect.stringMatching(/^labels\/date=\d{4}-\d\d-\d\d\/calls\/zoë \+ 1\.wav\.json$/),
    ]);
    client.destroy();
  } finally {
    await aws.close();
    await rm(task, { recursive: true });
  }
});

test.runIf(existsSync('/proc/self/status'))('memory stays below 300 MB', async () => {
  await using lambda = await startLambda({ folder });
  // The longest recording of one invocation, after typical ones.
  for (const seconds of [5, 140, 5, 140]) {
    const body = wavFile(voiceLike({ seconds }));
    const { payload } = await lambda.invoke(emotionEvent({ body }));
    expect(payload).toMatchObject({ statusCode: 200 });
  }
  const status = await readFile(`/proc/${lambda.pid}/status`, 'utf8');
  expect(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1])).toBeLessThan(300_000);
});

test('a bundle without its native library fails at startup', async () => {
  const broken = await mkdtemp(join(tmpdir(), 'undertone-broken-'));
  await cp(join(folder, 'index.mjs'), join(broken, 'index.mjs'));
  await using lambda = await startLambda({ folder: broken });
  const { isError, payload } = await lambda.invoke(emotionEvent());
  expect(isError).toBe(true);
  expect(payload).toMatchObject({
    errorType: 'Runtime.ImportModuleError',
    errorMessage: expect.stringContaining('onnxruntime-node'),
  });
  await rm(broken, { recursive: true });
});

test('a bundle without its model answers 500 without internal details', async () => {
  const broken = await mkdtemp(join(tmpdir(), 'undertone-broken-'));
  await cp(folder, broken, { recursive: true });
  await rm(join(broken, 'model'), { recursive: true });
  await using lambda = await startLambda({ folder: broken });
  const note = wavFile(voiceLike({ seconds: 1 }));
  const { payload } = await lambda.invoke<APIGatewayProxyResult>(emotionEvent({ body: note }));
  const { statusCode, body } = payload as APIGatewayProxyResult;
  expect(statusCode).toBe(500);
  expect(JSON.parse(body).code).toBe('model-invalid');
  expect(body).not.toContain(' at ');
  await rm(broken, { recursive: true });
});

async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort();
}

async function megabytes(path: string): Promise<number> {
  const files = await filesIn(path);
  const sizes = await Promise.all(files.map((file) => stat(join(path, file))));
  return sizes.reduce((total, { size }) => total + size, 0) / 1e6;
}
