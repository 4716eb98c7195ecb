import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ApiClient } from '../../bots/api-client.ts';
import { type RunningServer, startServer } from '../../cli/serve/server.ts';
import { VERDICT } from '../../functions/http/schemas.ts';
import { type ServeProcess, startServe } from '../cli/serve/process.ts';
import { voiceLike, wavFile } from '../fixtures/audio.ts';
import { useTinyModel, writeTinyModel } from '../fixtures/model.ts';
import { useServer } from './server.ts';

const NOTE = wavFile(voiceLike({ seconds: 1 }));

describe('with the API', () => {
  useTinyModel({ favourite: 'happy', confidence: 0.7 });
  let server: RunningServer;
  let api: ApiClient;
  beforeAll(async () => {
    server = await startServer({ port: 0, host: '127.0.0.1' });
    api = new ApiClient({ endpoint: `${server.url}/` });
  });
  afterAll(() => server.close());

  test('returns the verdict', async () => {
    expect(await api.classify(NOTE)).toMatchObject({ emotion: 'happy', duration: 1 });
  });

  test('fails with the code and the sentence of the API', async () => {
    await expect(api.classify(Buffer.from('Hello, this is a letter.'))).rejects.toMatchObject({
      code: 'format-unsupported',
      message: expect.stringContaining('This is text, not a recording.'),
    });
  });
});

describe('through API Gateway, which takes less in one call', () => {
  const gateway = useServer();
  let folder: string;
  let model: string;
  let server: ServeProcess;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'undertone-gateway-'));
    model = await writeTinyModel({ favourite: 'angry', confidence: 0.8 });
    server = startServe(folder, ['--port', '0', '--no-inbox'], { UNDERTONE_MODEL: model });
    [, url] = await server.printed(/listening at (\S+)/);
    await server.printed(/The local cloud is up/);
    gateway.handle = async (request, response) => {
      const body = await buffer(request);
      const isTooLarge = body.length > 4.5e6;
      const answer = isTooLarge
        ? Response.json({ code: 'audio-too-large', detail: 'Use an upload.' }, { status: 413 })
        : await fetch(url + request.url, {
            method: request.method ?? '',
            ...(body.length > 0 && { body }),
          });
      response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
    };
  });
  afterAll(async () => {
    server.child.kill('SIGKILL');
    await server.exit;
    await Promise.all([folder, model].map((path) => rm(path, { recursive: true })));
  });

  test('a large recording is uploaded, heard and deleted', async () => {
    const api = new ApiClient({ endpoint: gateway.origin });
    const large = wavFile(voiceLike({ seconds: 3, sampleRate: 384_000 }), {
      ...{ sampleRate: 384_000, encoding: 'float32' },
    });
    expect(large.length).toBeGreaterThan(4.5e6);
    expect(await api.classify(large)).toMatchObject({ emotion: 'angry', duration: 3 });
    const { method, url: result } = gateway.asked.at(-1) ?? {};
    expect(method).toBe('DELETE');
    expect((await fetch(url + result)).status).toBe(404);
  });

  test('the error of a large recording is its own', async () => {
    const api = new ApiClient({ endpoint: gateway.origin });
    await expect(api.classify(Buffer.alloc(5e6, 'This is a long letter. '))).rejects.toMatchObject({
      code: 'format-unsupported',
    });
  });
});

describe('with an API in trouble', () => {
  const server = useServer();
  beforeEach(() => {
    server.asked.length = 0;
  });

  const client = (options = {}) => new ApiClient({ endpoint: server.origin, ...options });

  const send = (response: ServerResponse, status: number, body: unknown, headers = {}) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));

  const problem = (code: string) => ({ code, detail: `The sentence of ${code}.` });

  /** Answers with these in turn, then with a verdict. */
  function answerWith(...answers: [status: number, body: unknown, headers?: object][]): void {
    const left = [...answers];
    server.handle = (_, response) => send(response, ...(left.shift() ?? [200, VERDICT]));
  }

  test.each([
    ['429 with a pause', [429, problem('rate-limited'), { 'retry-after': '0' }]],
    ['503', [503, problem('unavailable')]],
    ['500 of ours', [500, problem('internal')]],
    ['502 with HTML of a proxy', [502, '<html>Bad gateway</html>']],
  ] as const)('tries again after %s', async (_, failure) => {
    answerWith(failure as never, failure as never);
    expect(await client().classify(NOTE)).toEqual(VERDICT);
    expect(server.asked).toHaveLength(3);
  });

  test('waits for as long as it is told', async () => {
    answerWith([429, problem('rate-limited'), { 'retry-after': '1' }]);
    await client().classify(NOTE);
    const [first, second] = server.asked;
    expect(second.at - first.at).toBeGreaterThanOrEqual(990);
  });

  test('tries again when the connection breaks', async () => {
    let isFirst = true;
    server.handle = (request, response) => {
      if (isFirst) request.socket.destroy();
      else send(response, 200, VERDICT);
      isFirst = false;
    };
    expect(await client().classify(NOTE)).toEqual(VERDICT);
  });

  test.each([
    ['its own error', 422, problem('audio-unreadable'), 'audio-unreadable'],
    ['a failure that would come again', 500, problem('decoder-missing'), 'decoder-missing'],
    ['a missing key', 401, problem('unauthorized'), 'unauthorized'],
    ['something else', 418, 'I am a teapot', 'unavailable'],
    ['a page instead of a verdict', 200, '<html></html>', 'unavailable'],
    ['a verdict that is none', 200, { ...VERDICT, emotion: 'hungry' }, 'unavailable'],
  ])('gives up at once after %s', async (_, status, body, code) => {
    server.handle = (_request, response) => send(response, status, body);
    await expect(client().classify(NOTE)).rejects.toMatchObject({ code });
    expect(server.asked).toHaveLength(1);
  });

  test('gives up in the end', async () => {
    server.handle = (_, response) => send(response, 503, problem('unavailable'));
    await expect(client({ tries: 3 }).classify(NOTE)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'The sentence of unavailable.',
    });
    expect(server.asked).toHaveLength(3);
  });

  test('does not wait for ever', async () => {
    server.handle = () => {};
    await expect(client({ timeoutMs: 50, tries: 2 }).classify(NOTE)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(server.asked).toHaveLength(2);
  });

  test('stops when it is told to, and does not try again', async () => {
    server.handle = () => {};
    const controller = new AbortController();
    const heard = client().classify(NOTE, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(heard).rejects.toMatchObject({ code: 'unavailable' });
    expect(server.asked).toHaveLength(1);
  });

  test('sends its key to the API, and neither key nor recording to where that redirects', async () => {
    server.handle = (request, response) =>
      request.url === '/prod/v1/emotion'
        ? send(response, 307, '', { location: `${server.origin}/elsewhere` })
        : send(response, 200, VERDICT);
    const api = client({ endpoint: `${server.origin}/prod`, apiKey: 'key', tries: 1 });
    await expect(api.classify(NOTE)).rejects.toMatchObject({ code: 'unavailable' });
    expect(server.asked.map(({ url, headers }) => [url, headers['x-api-key']])).toEqual([
      ['/prod/v1/emotion', 'key'],
    ]);
  });
});
