import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { build } from 'esbuild';
import { generateSource } from 'oazapfts';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { cardSchema, verdictSchema } from '../../../core/index.ts';
import { ROUTES } from '../../../functions/routes.ts';
import { ROOT } from '../../../lib/root.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { writeTinyModel } from '../../fixtures/model.ts';
import { run } from '../../fixtures/run.ts';
import { expectProblem } from '../../functions/problem.ts';
import { answerOf } from './http.ts';
import { cloudEnvironment, type ServeProcess, startServe } from './process.ts';

const note = wavFile(voiceLike({ seconds: 1 }));
const ARGS = ['--port', '0', '--no-inbox', '--local-callbacks'];
const PATIENCE = { timeout: 60_000, interval: 200 };

let folder: string;
let model: string;
let server: ServeProcess;
let url: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-cloud-'));
  model = await writeTinyModel({ favourite: 'angry', confidence: 0.8 });
  server = startServe(folder, ARGS, { UNDERTONE_MODEL: model });
  [, url] = await server.printed(/listening at (\S+)/);
  await server.printed(/The local cloud is up/);
  env = await cloudEnvironment(join(folder, '.undertone'));
});

afterAll(async () => {
  server.child.kill('SIGKILL');
  await server.exit;
  await rm(folder, { recursive: true });
  await rm(model, { recursive: true });
});

/** A client as a person sets it up from what is printed. */
async function printedClient(): Promise<S3Client> {
  const [, endpoint] = await server.printed(
    /aws s3 cp \S+ s3:\/\/undertone-inbox\/ --endpoint-url (\S+)/,
  );
  const [, accessKeyId, secretAccessKey, region] = await server.printed(
    /the keys (\S+) and (\S+) in the region (\S+);/,
  );
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true });
}

interface Upload {
  readonly id: string;
  readonly result: string;
  readonly upload: { readonly url: string; readonly fields: Record<string, string> };
}

async function askForUpload(): Promise<Upload> {
  const answer = await fetch(`${url}/v1/uploads`, { method: 'POST' });
  expect(answer.status).toBe(201);
  return answer.json() as Promise<Upload>;
}

function send({ upload }: Upload, content: Uint8Array<ArrayBuffer>): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.set(name, value);
  form.set('file', new Blob([content]), 'note.wav');
  return fetch(upload.url, { method: 'POST', body: form });
}

function resultOf({ result }: Upload, method = 'GET') {
  return answerOf(fetch(url + result, { method }));
}

/** The answer once it is not 202 any more. */
function settled(upload: Upload) {
  return vi.waitFor(async () => {
    const answer = await resultOf(upload);
    expect(answer.status).not.toBe(202);
    return answer;
  }, PATIENCE);
}

test('an object that any S3 client puts into the bucket gets its label', async () => {
  const client = await printedClient();
  const Bucket = 'undertone-inbox';
  await client.send(new PutObjectCommand({ Bucket, Key: 'calls/grüße 1+1.wav', Body: note }));
  client.destroy();
  const [, line] = await server.printed(/Labels {2}undertone (.*)/);
  const [command, address] = line.split(' ');
  const label = await vi.waitFor(async () => {
    const { stdout } = await run('cli/main.js', [command, address, '--jsonl'], { env });
    return JSON.parse(stdout);
  }, PATIENCE);
  expect(label).toMatchObject({ key: 'calls/grüße 1+1.wav', emotion: 'angry', size: note.length });
});

test('an upload is answered, and its audio deleted', async () => {
  const upload = await askForUpload();
  expect((await resultOf(upload)).status).toBe(202);
  expect((await send(upload, note)).status).toBe(204);
  const { status, body } = await settled(upload);
  expect(status).toBe(200);
  expect(verdictSchema.parse(JSON.parse(body)).emotion).toBe('angry');
  const client = await printedClient();
  const audio = { Bucket: 'undertone-uploads', Key: upload.id };
  await vi.waitFor(
    () =>
      expect(client.send(new HeadObjectCommand(audio))).rejects.toMatchObject({ name: 'NotFound' }),
    PATIENCE,
  );
  client.destroy();
  expect(await resultOf(upload, 'DELETE')).toMatchObject({ status: 204, body: '' });
  expect(await resultOf(upload, 'DELETE')).toMatchObject({ status: 204, body: '' });
  expectProblem(await resultOf(upload), 404, 'not-found');
});

test('an upload that is no recording is answered with its named error', async () => {
  const upload = await askForUpload();
  await send(upload, new TextEncoder().encode('Dear diary'));
  expectProblem(await settled(upload), 415, 'format-unsupported');
});

test('results are posted to a program on this machine, where that is allowed', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const receiver = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    // The first attempt fails; the second one comes five seconds later.
    response.writeHead(received.length === 1 ? 500 : 204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  const callback = { url: `http://localhost:${port}/undertone`, secret };
  const body = JSON.stringify({ callback, reference: 'calls/1.ogg' });
  const answer = await fetch(`${url}/v1/uploads`, { method: 'POST', body });
  const upload = (await answer.json()) as Upload;
  await send(upload, note);
  await vi.waitFor(() => expect(received).toHaveLength(2), PATIENCE);
  await new Promise((resolve) => receiver.close(resolve));
  for (const { headers, body: posted } of received) {
    expect(new Webhook(secret).verify(posted, headers as Record<string, string>)).toMatchObject({
      type: 'result.done',
      data: { id: upload.id, reference: 'calls/1.ogg', verdict: { emotion: 'angry' } },
    });
  }
  expect(received[1].headers['webhook-id']).toBe(received[0].headers['webhook-id']);
});

/** An operation of a generated client. */
// biome-ignore lint/suspicious/noExplicitAny: the arguments and the data differ from route to route.
type Operation = (...args: any[]) => Promise<{ readonly status: number; readonly data: any }>;

/** Generates a client from the served document, as a stranger would, and loads it. */
async function generatedClient(): Promise<Record<string, Operation>> {
  const document = `${url}/openapi.json`;
  const source = await generateSource(document);
  expect(source).toMatch(/function hearEmotion\(body: \{[^}]*\bfile: Blob;/);
  const { outputFiles } = await build({
    stdin: { contents: source, loader: 'ts', resolveDir: ROOT },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const base64 = Buffer.from(outputFiles[0].contents).toString('base64');
  const { defaults, servers, ...operations } = await import(
    /* @vite-ignore */ `data:text/javascript;base64,${base64}`
  );
  // OpenAPI: the address of a server may be relative to that of the document.
  defaults.baseUrl = new URL(servers.server1, document).href;
  return operations;
}

test('a client generated from the served document runs every route', async () => {
  const client = await generatedClient();
  const used = new Set<string>();
  const call = (name: string, ...args: unknown[]) => {
    used.add(name);
    return client[name](...args);
  };
  const heard = await call('hearEmotion', { file: new Blob([note]) }, { timeline: 'false' });
  expect(heard).toMatchObject({ status: 200, data: { emotion: 'angry' } });
  expect(heard.data.timeline).toBeUndefined();
  const refused = await call('hearEmotion', { file: new Blob(['Dear diary']) });
  expect(refused).toMatchObject({ status: 415, data: { code: 'format-unsupported' } });
  const { data: batch } = await call('createBatch');
  const request = { batch: batch.id, reference: 'calls/1.ogg' };
  const { status, data: upload } = await call('createUpload', request);
  expect(status).toBe(201);
  expect(await call('getResult', upload.id)).toMatchObject({ status: 202 });
  await send(upload, note);
  const result = await vi.waitFor(async () => {
    const answer = await call('getResult', upload.id);
    expect(answer.status).not.toBe(202);
    return answer;
  }, PATIENCE);
  expect(verdictSchema.parse(result.data).emotion).toBe('angry');
  const listed = await call('listBatchResults', batch.id, { state: 'done' });
  expect(listed).toMatchObject({
    status: 200,
    data: {
      results: [{ id: upload.id, reference: 'calls/1.ogg', verdict: { emotion: 'angry' } }],
      next: null,
    },
  });
  expect((await call('deleteResult', upload.id)).status).toBe(204);
  cardSchema.parse((await call('getModel')).data);
  expect((await call('getOpenApi')).data.openapi).toBe('3.1.0');
  expect([...used].sort()).toEqual(ROUTES.map(({ operationId }) => operationId).sort());
  expect(Object.keys(client).sort()).toEqual([...used].sort());
});

test.each([
  '..%2f..%2fsecret',
  '%E0%A4%A',
  'x',
  '%00',
  'a%2Fb',
])('a result id that is none, %s, is not found', async (id) => {
  expectProblem(await answerOf(fetch(`${url}/v1/results/${id}`)), 404, 'not-found');
});

test('a second server is told who has the folder', async () => {
  const args = ['--port', '0', '--no-inbox'];
  const { code, err } = await startServe(folder, args, { UNDERTONE_MODEL: model }).exit;
  expect(code).toBe(1);
  expect(err).toContain(`is in use by process ${server.child.pid}`);
  expect(err).toContain('--no-cloud');
});

test('a server that others can reach does not post to programs on this machine', async () => {
  const args = [...ARGS, '--host', '0.0.0.0'];
  const { code, err } = await startServe(folder, args, { UNDERTONE_MODEL: model }).exit;
  expect(code).toBe(1);
  expect(err).toContain('--local-callbacks');
});

test('at the end what has begun is finished, and the rest comes with the next start', async () => {
  const uploads = await Promise.all([1, 2, 3, 4, 5, 6].map(askForUpload));
  for (const upload of uploads) await send(upload, note);
  server.child.kill('SIGINT');
  expect(await server.exit).toMatchObject({ code: 0, err: '' });
  expect(existsSync(join(folder, '.undertone', 'lock'))).toBe(false);
  server = startServe(folder, ARGS, { UNDERTONE_MODEL: model });
  [, url] = await server.printed(/listening at (\S+)/);
  // The first asks before the cloud is up, and waits for it.
  for (const upload of uploads) expect((await settled(upload)).status).toBe(200);
});
