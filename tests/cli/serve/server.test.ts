import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type RunningServer, startServer } from '../../../cli/serve/server.ts';
import { MAX_BYTES, UndertoneError, verdictSchema } from '../../../core/index.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { FORMS, writeForm } from '../../fixtures/forms.ts';
import { useTinyModel } from '../../fixtures/model.ts';
import { expectProblem } from '../../functions/problem.ts';
import { answerOf, openConnection, rawRequest, requestHead } from './http.ts';

const note = wavFile(voiceLike({ seconds: 2 }));
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);

useTinyModel({ favourite: 'sad', confidence: 0.8 });

let server: RunningServer;

beforeAll(async () => {
  server = await startServer({ port: 0, host: '127.0.0.1' });
});

afterAll(() => server.close());

/** As a policy names the style that stands in a page. */
function hashOfStyle(html: string): string {
  const [, style] = /<style>(.+)<\/style>/s.exec(html) ?? ['', ''];
  return `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
}

function post(body: NonNullable<RequestInit['body']>, query = '') {
  const init: RequestInit = { method: 'POST', body, duplex: 'half' };
  return answerOf(fetch(`${server.url}/v1/emotion${query}`, init));
}

describe('POST /v1/emotion', () => {
  test('takes the recording as the body', async () => {
    const { status, headers, body } = await post(note);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json');
    expect(headers['cache-control']).toBe('no-store');
    expect(verdictSchema.parse(JSON.parse(body))).toMatchObject({ emotion: 'sad', duration: 2 });
  });

  test('takes it as a file in a form, and without a timeline', async () => {
    const form = new FormData();
    form.set('file', new Blob([note]), 'note.wav');
    const verdict = verdictSchema.parse(JSON.parse((await post(form, '?timeline=false')).body));
    expect(verdict.emotion).toBe('sad');
    expect(verdict.timeline).toBeUndefined();
  });

  test('takes it in chunks of unknown number', async () => {
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < note.length; at += 1000) {
          controller.enqueue(note.subarray(at, at + 1000));
        }
        controller.close();
      },
    });
    expect(JSON.parse((await post(chunks)).body).duration).toBe(2);
  });

  test('gives every request an id of its own', async () => {
    const answers = await Promise.all([post(note), post(''), post('')]);
    expect(new Set(answers.map(({ headers }) => headers['x-request-id'])).size).toBe(3);
  });

  test('refuses nothing, text and pictures with their names', async () => {
    expectProblem(await post(''), 400, 'audio-missing');
    expect(expectProblem(await post('Hello'), 415, 'format-unsupported')).toContain('text');
    expect(expectProblem(await post(PNG), 415, 'format-unsupported')).toContain('PNG');
    expectProblem(await post(note, '?timeline=maybe'), 400, 'parameter-invalid');
    expectProblem(await post(note, '?timeline=false&timeline=maybe'), 400, 'parameter-invalid');
  });
});

describe('a body that is too large', () => {
  test('is refused from its announced length, before any of it is sent', async () => {
    const { socket, received } = openConnection(server.url);
    socket.write(requestHead({ 'Content-Length': 2 ** 40 }));
    const answer = await received('"code":"audio-too-large"');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    socket.destroy();
  });

  test('is refused to a client that asks before it sends', async () => {
    const { socket, received } = openConnection(server.url);
    const length = MAX_BYTES + 1;
    socket.write(requestHead({ 'Content-Length': length, Expect: '100-continue' }));
    expect(await received('"code":"audio-too-large"')).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test('is refused as soon as the count passes the limit, although it never ends', async () => {
    const endless = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(2 ** 20));
      },
    });
    expectProblem(await post(endless), 413, 'audio-too-large');
  });

  test('leaves the client time to read the answer while it still sends', async () => {
    const { socket, received } = openConnection(server.url);
    const errors: Error[] = [];
    socket.on('error', (error) => errors.push(error));
    const length = MAX_BYTES + 8 * 2 ** 20;
    socket.write(requestHead({ 'Content-Length': length }));
    for (let sent = 0; sent < length; sent += 2 ** 20) {
      if (!socket.write(new Uint8Array(2 ** 20))) await once(socket, 'drain');
    }
    expect(await received('"code":"audio-too-large"')).toMatch(/^HTTP\/1\.1 413 /);
    await once(socket, 'close');
    expect(errors).toEqual([]);
  });
});

describe('a form over a connection', () => {
  test.each(FORMS)('with $what is read, or refused with the reason', async ({
    refusal,
    writing,
  }) => {
    const { contentType, body } = writeForm(note, writing);
    const headers = { 'content-type': contentType };
    const answer = await answerOf(
      fetch(`${server.url}/v1/emotion`, { method: 'POST', headers, body }),
    );
    if (!refusal)
      return expect(JSON.parse(answer.body)).toMatchObject({ emotion: 'sad', duration: 2 });
    const [status, code, words] = refusal;
    expect(expectProblem(answer, status, code)).toContain(words);
  });

  test('may come in chunks, cut anywhere, after it was asked for', async () => {
    const { contentType, body } = writeForm(note, {});
    const { socket, received } = openConnection(server.url);
    const headers = { 'Content-Type': contentType, Expect: '100-continue' };
    socket.write(requestHead({ ...headers, 'Transfer-Encoding': 'chunked' }));
    await received('HTTP/1.1 100 Continue\r\n\r\n');
    for (let at = 0; at < body.length; at += 777) {
      const chunk = body.subarray(at, at + 777);
      socket.write(`${chunk.length.toString(16)}\r\n`);
      socket.write(chunk);
      socket.write('\r\n');
    }
    socket.write('0\r\n\r\n');
    expect(await received('"emotion":"sad"')).toContain('HTTP/1.1 200 OK');
    socket.destroy();
  });
});

test('a client that asks before it sends is told to go on', async () => {
  const { socket, received } = openConnection(server.url);
  socket.write(requestHead({ 'Content-Length': note.length, Expect: '100-continue' }));
  await received('HTTP/1.1 100 Continue\r\n\r\n');
  socket.write(note);
  expect(await received('"emotion":"sad"')).toContain('HTTP/1.1 200 OK');
  socket.destroy();
});

test('a client that goes away in the middle disturbs nobody', async () => {
  const log = vi.spyOn(process.stderr, 'write');
  const { socket } = openConnection(server.url);
  socket.write(requestHead({ 'Content-Length': 1000 }));
  socket.write(new Uint8Array(500), () => socket.resetAndDestroy());
  await once(socket, 'close');
  expect((await post(note)).status).toBe(200);
  expect(log).not.toHaveBeenCalled();
  log.mockRestore();
});

/** How long something may take on a busy machine. */
const PATIENCE = { timeout: 20_000 };

test('bodies that arrive slowly hold no more memory than there is for all', async () => {
  const small = await startServer({ port: 0, host: '127.0.0.1', maxBodies: 2 * note.length });
  const slow = [1, 2].map(() => openConnection(small.url));
  for (const { socket } of slow) {
    socket.write(requestHead({ 'Content-Length': note.length, Expect: '100-continue' }));
    socket.write(note.subarray(0, -1));
  }
  const send = () => answerOf(fetch(`${small.url}/v1/emotion`, { method: 'POST', body: note }));
  await vi.waitFor(async () => expectProblem(await send(), 429, 'rate-limited'), PATIENCE);
  // What fits is taken, and those that were slow are answered.
  expectProblem(
    await answerOf(fetch(`${small.url}/v1/emotion`, { method: 'POST', body: '' })),
    400,
    'audio-missing',
  );
  for (const { socket, received } of slow) {
    socket.write(note.subarray(-1));
    expect(await received('"emotion":"sad"')).toContain('HTTP/1.1 200 OK');
  }
  expect((await send()).status).toBe(200);
  // So is the room of those who go away.
  const { socket } = openConnection(small.url);
  socket.write(requestHead({ 'Content-Length': note.length }));
  socket.write(note.subarray(0, -1), () => socket.resetAndDestroy());
  await once(socket, 'close');
  await vi.waitFor(async () => expect((await send()).status).toBe(200), PATIENCE);
  await small.close();
});

describe('what is no valid request gets a problem and an id as well', () => {
  const HOST = 'Host: 127.0.0.1\r\n';
  const POST = `POST /v1/emotion HTTP/1.1\r\n${HOST}`;

  test.each([
    ['no HTTP', 'Dear diary\r\n\r\n', 'not valid HTTP/1.1'],
    [
      'a length and chunks',
      `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'the length',
    ],
    ['two lengths', `${POST}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`, 'the length'],
    ['a negative length', `${POST}Content-Length: -1\r\n\r\n`, 'the length'],
    ['a chunk of unknown size', `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 'the length'],
    ['a header with a null', `${POST}X-A: a\0b\r\n\r\n`, 'a header'],
    ['long headers', `${POST}X-A: ${'a'.repeat(20_000)}\r\n\r\n`, '16 KiB'],
    ['a long address', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, '16 KiB'],
    [
      'an address that is not encoded',
      `GET /gr\u00fc\u00dfe HTTP/1.1\r\n${HOST}\r\n`,
      'first line',
    ],
    ['no host', 'GET /v1/model HTTP/1.1\r\nConnection: close\r\n\r\n', 'a header'],
    [
      'a host that is none',
      'GET /v1/model HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
      'a header',
    ],
    ['no address', `OPTIONS * HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, 'first line'],
  ])('%s', async (_, text, sentence) => {
    const { socket, received } = openConnection(server.url);
    socket.write(Buffer.from(text, 'latin1'));
    const [head, body] = (await received('"instance"')).split('\r\n\r\n');
    const headers = Object.fromEntries(
      head
        .split('\r\n')
        .slice(1)
        .map((line) => line.toLowerCase().split(': ') as [string, string]),
    );
    const status = Number(head.split(' ')[1]);
    expect(expectProblem({ status, headers, body }, 400, 'parameter-invalid')).toContain(sentence);
    expect(headers.connection).toBe('close');
    await once(socket, 'close');
  });

  test('a body that is cut short, from a client that still listens', async () => {
    for (const rest of [
      'Content-Length: 50\r\n\r\nabc',
      'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    ]) {
      const { socket, received } = openConnection(server.url);
      socket.end(POST + rest);
      expect(await received('"instance"')).toContain('The request ended before');
    }
  });

  test('an expectation that nobody knows is ignored', async () => {
    const { socket, received } = openConnection(server.url);
    socket.write(`${POST}Expect: 200-maybe\r\nContent-Length: 0\r\n\r\n`);
    expect(await received('"instance"')).toContain('audio-missing');
    socket.destroy();
  });
});

describe('other addresses', () => {
  test('GET /v1/model answers the card, and 304 to those who have it', async () => {
    const url = `${server.url}/v1/model`;
    const { status, headers, body } = await answerOf(fetch(url));
    expect(status).toBe(200);
    expect(JSON.parse(body).name).toBe('tiny');
    const again = await answerOf(fetch(url, { headers: { 'if-none-match': headers.etag } }));
    expect(again).toMatchObject({ status: 304, body: '' });
  });

  test.each([
    ['GET', '/v1/emotion', 'POST'],
    ['DELETE', '/v1/emotion', 'POST'],
    ['POST', '/v1/model', 'GET'],
  ])('%s %s is not allowed', async (method, path, allowed) => {
    const answer = await answerOf(fetch(server.url + path, { method }));
    expect(expectProblem(answer, 405, 'method-not-allowed')).toContain(allowed);
    expect(answer.headers.allow).toBe(allowed);
  });

  test.each([
    ['GET', '/v1/nothing'],
    ['GET', '/v1/emotion/'],
    ['GET', '/v1/results/'],
    ['GET', '/v1/results/a/b'],
    ['GET', '/nothing.html'],
    ['POST', '/'],
    ['GET', '/../package.json'],
    ['GET', '/..%2fpackage.json'],
    ['GET', '/%2e%2e/package.json'],
  ])('%s %s is not found', async (method, path) => {
    expectProblem(await rawRequest(server.url, { method, path }), 404, 'not-found');
  });

  test('the page comes with headers that keep it to itself', async () => {
    const { status, headers, body } = await answerOf(fetch(server.url));
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html/);
    expect(body).toContain('<h1>Undertone</h1>');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    // WebAssembly may be compiled, which is not what `unsafe-eval` allows.
    const policy = headers['content-security-policy'].replace(" 'wasm-unsafe-eval'", '');
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers['content-security-policy']).toContain(`style-src 'self' ${hashOfStyle(body)};`);
    expect(headers).toMatchObject({
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String),
    });
  });
});

describe('pages of other origins', () => {
  const ask = (path: string, origin: string, url = server.url) =>
    answerOf(
      fetch(url + path, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      }),
    );
  const get = (origin: string, url = server.url) =>
    answerOf(fetch(`${url}/v1/model`, { headers: { origin } }));

  test('may use the API when they are of this machine, such as one that is being developed', async () => {
    const origin = 'http://localhost:5173';
    const { status, headers, body } = await ask('/v1/results/abc', origin);
    expect({ status, body }).toEqual({ status: 204, body: '' });
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(headers['access-control-allow-methods']).toBe('GET,DELETE,OPTIONS');
    expect(headers['access-control-allow-headers']).toContain('content-type');
    const answer = await get(origin);
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    expect(answer.headers['access-control-expose-headers']).toContain('x-request-id');
    const refused = await answerOf(
      fetch(`${server.url}/v1/emotion`, { method: 'POST', headers: { origin } }),
    );
    expectProblem(refused, 400, 'audio-missing');
    expect(refused.headers['access-control-allow-origin']).toBe(origin);
  });

  test('may not when they come from elsewhere', async () => {
    for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null']) {
      for (const { headers } of [await ask('/v1/emotion', origin), await get(origin)]) {
        expect(headers).not.toHaveProperty('access-control-allow-origin');
      }
    }
  });

  test('all may where others are meant to come', async () => {
    const open = await startServer({ port: 0, host: '0.0.0.0' });
    const { headers } = await get('https://page.example', open.url);
    expect(headers['access-control-allow-origin']).toBe('*');
    await open.close();
  });

  test('are told of no methods where there is nothing', async () => {
    expectProblem(await ask('/v1/nothing', 'http://localhost:5173'), 404, 'not-found');
  });
});

test('uploads are not there without the local cloud, and the answer says why', async () => {
  for (const [method, path] of [
    ['POST', '/v1/uploads'],
    ['GET', '/v1/results/abc'],
    ['DELETE', '/v1/results/abc'],
  ]) {
    const answer = await answerOf(fetch(server.url + path, { method }));
    expect(expectProblem(answer, 404, 'not-found')).toContain('--no-cloud');
  }
});

test('200 at a time are all answered', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => post(note)));
  for (const { status, body } of answers) {
    expect(status).toBe(200);
    expect(verdictSchema.parse(JSON.parse(body)).emotion).toBe('sad');
  }
});

describe('names of the machine', () => {
  test.each(['localhost', 'localhost:8787', '127.0.0.1', '[::1]:80'])('%s', async (host) => {
    const { status } = await rawRequest(server.url, { path: '/', headers: { host } });
    expect(status).toBe(200);
  });

  test('others are refused on a loopback address, so that no page can lend its name', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example']) {
      const answer = await rawRequest(server.url, { path: '/v1/model', headers: { host } });
      expect(expectProblem(answer, 421, 'host-unknown')).toContain('--host');
    }
  });

  test('any will do where others are meant to come', async () => {
    const open = await startServer({ port: 0, host: '0.0.0.0' });
    expect(open.url).toMatch(/^http:\/\/localhost:\d+$/);
    const url = open.url.replace('localhost', '127.0.0.1');
    const headers = { host: 'undertone.example' };
    expect((await rawRequest(url, { path: '/', headers })).status).toBe(200);
    await open.close();
  });
});

describe('start and end', () => {
  test('a port that is taken is told with the option that helps', async () => {
    const port = Number(new URL(server.url).port);
    const failure = startServer({ port, host: '127.0.0.1' });
    await expect(failure).rejects.toThrow(UndertoneError);
    await expect(failure).rejects.toThrow(`Port ${port} is in use`);
    await expect(failure).rejects.toThrow('--port');
  });

  test('an address that is not ours is told with the option that helps', async () => {
    // TEST-NET-1 (RFC 5737): no machine has it.
    const failure = startServer({ port: 0, host: '192.0.2.1' });
    await expect(failure).rejects.toThrow('--host');
  });

  test('what is in flight is answered before the end, and nothing after it', async () => {
    const ending = await startServer({ port: 0, host: '127.0.0.1' });
    const idle = openConnection(ending.url);
    await once(idle.socket, 'connect');
    const { socket, received } = openConnection(ending.url);
    // The interim answer proves that the request is in flight.
    socket.write(requestHead({ 'Content-Length': note.length, Expect: '100-continue' }));
    await received('100 Continue');
    const closed = ending.close();
    await once(idle.socket, 'close');
    socket.write(note);
    expect(await received('"emotion":"sad"')).toContain('HTTP/1.1 200 OK');
    await closed;
    await expect(fetch(ending.url)).rejects.toThrow();
  });
});
