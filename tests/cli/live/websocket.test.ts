import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { LiveLimits, ServerMessage } from '../../../cli/serve/live/protocol.ts';
import { type RunningServer, startServer } from '../../../cli/serve/server.ts';
import { Resampler } from '../../../core/audio/resample.ts';
import { framesToMono } from '../../../core/audio/wav.ts';
import { defaultModel, type ErrorCode, LiveListener } from '../../../core/index.ts';
import { silence, voiceLike, wavFile } from '../../fixtures/audio.ts';
import { useTinyModel } from '../../fixtures/model.ts';
import { openConnection, requestHead } from '../serve/http.ts';
import { connect, type LiveClient, pcm, sendAudio, stream } from './client.ts';

const voice = voiceLike({ seconds: 3.7 });

useTinyModel({ favourite: 'sad', confidence: 0.8, sensitivity: 0.3 });

let server: RunningServer;
/** A server with limits of its own. */
let other: RunningServer | undefined;

beforeAll(async () => {
  // A busy machine leaves no verdicts out: what they say is what is tested here.
  const live = { late: Number.POSITIVE_INFINITY };
  server = await startServer({ port: 0, host: '127.0.0.1', live });
});
afterAll(() => server.close());
afterEach(async () => {
  await other?.close();
  other = undefined;
});

async function startOther(live: Partial<LiveLimits>): Promise<string> {
  other = await startServer({ port: 0, host: '127.0.0.1', live });
  return other.url;
}

function verdictsOf(messages: readonly ServerMessage[]) {
  return messages.filter((message) => message.type === 'verdict');
}

describe('a stream', () => {
  test('gets ready, a verdict for every half second, a summary, and is closed', async () => {
    const { messages, code } = await stream(server.url, voice);
    expect(code).toBe(1000);
    expect(messages.map(({ type }) => type)).toEqual([
      'ready',
      ...Array(7).fill('verdict'),
      'summary',
    ]);
    expect(messages[0]).toEqual({
      type: 'ready',
      hop: 0.5,
      window: 4,
      model: { name: 'tiny', version: '0.0.1', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(verdictsOf(messages).map(({ at }) => at)).toEqual([1, 1.5, 2, 2.5, 3, 3.5, 3.7]);
    expect(verdictsOf(messages)[0]).toMatchObject({ start: 0, end: 1, emotion: 'sad' });
    expect(messages.at(-1)).toMatchObject({ duration: 3.7, summary: { sad: 1 } });
  });

  test('gets the verdicts of the listener, however it is cut into messages', async () => {
    const listener = new LiveListener({ model: await defaultModel() });
    const heard = framesToMono(pcm(voice), {
      channels: 1,
      encoding: 'int16',
      littleEndian: true,
    });
    const expected = [...(await listener.push(heard)), (await listener.end()).verdict].map(
      (verdict) => ({ type: 'verdict', ...verdict }),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 100, max: 16_000 }), async (size) => {
        const { messages } = await stream(server.url, voice, { size });
        expect(verdictsOf(messages)).toEqual(expected);
      }),
      { numRuns: 8 },
    );
  });

  test.each([8_000, 22_050, 44_100, 48_000, 96_000])('may have %i Hz', async (sampleRate) => {
    const samples = new Resampler(16_000, sampleRate).push(voiceLike({ seconds: 2.1 }));
    const twoSeconds = samples.subarray(0, 2 * sampleRate);
    const { messages, code } = await stream(server.url, twoSeconds, { sampleRate });
    expect(code).toBe(1000);
    expect(verdictsOf(messages).map(({ at }) => at)).toEqual([1, 1.5, 2]);
    expect(verdictsOf(messages).map(({ emotion }) => emotion)).toEqual(['sad', 'sad', 'sad']);
    expect(messages.at(-1)).toMatchObject({ type: 'summary', duration: 2 });
  });

  test('hears its first half seconds while it still goes on', async () => {
    const client = await connect(server.url);
    client.send({ type: 'start', sampleRate: 16_000 });
    sendAudio(client, voice.subarray(0, 16_000), 1600);
    expect(await client.received('verdict')).toMatchObject({ at: 1, emotion: 'sad' });
    client.send({ type: 'stop' });
    expect(await client.received('summary')).toMatchObject({ duration: 1 });
  });

  test('in which nobody speaks says so', async () => {
    const { messages } = await stream(server.url, silence({ seconds: 1 }));
    expect(messages.slice(1)).toEqual([
      {
        ...{ type: 'verdict', at: 1, start: 0, end: 1, level: -100 },
        ...{ emotion: 'no-speech', confidence: 0, probabilities: null },
      },
      { type: 'summary', duration: 1, speech: 0, summary: {} },
    ]);
  });

  test('that stops at once has an empty summary', async () => {
    const { messages, code } = await stream(server.url, new Float32Array(0));
    expect(code).toBe(1000);
    expect(messages.slice(1)).toEqual([{ type: 'summary', duration: 0, speech: 0, summary: {} }]);
  });

  test('that comes faster than it is heard gets every verdict', async () => {
    const { messages } = await stream(server.url, voiceLike({ seconds: 40 }));
    expect(verdictsOf(messages)).toHaveLength(79);
    expect(messages.at(-1)).toMatchObject({ duration: 40 });
  });

  test('that comes faster than it is heard waits in its client, not in the server', async () => {
    const sampleRate = 96_000;
    const second = pcm(new Resampler(16_000, sampleRate).push(voice)).subarray(0, 2 * sampleRate);
    const client = await connect(server.url);
    client.send({ type: 'start', sampleRate });
    for (let sent = 0; sent < 120; sent++) client.socket.send(second);
    while (client.socket.bufferedAmount > 0) await sleep(10);
    // All 23 MB have left the client. What the system keeps on the way is 8 MB or so, 40 seconds.
    expect(verdictsOf(client.messages).length).toBeGreaterThan(120);
    client.socket.terminate();
  });

  test('that fell behind real time skips verdicts until it has caught up', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const client = await connect(await startOther({ late: 100 }));
    client.send({ type: 'start', sampleRate: 16_000 });
    sendAudio(client, voiceLike({ seconds: 1 }), 16_000);
    await client.received('ready');
    // As if the network had held back what comes then.
    vi.advanceTimersByTime(5000);
    sendAudio(client, voiceLike({ seconds: 6 }), 16_000);
    client.send({ type: 'stop' });
    expect(await client.received('summary')).toMatchObject({ duration: 7 });
    const times = verdictsOf(client.messages).map(({ at }) => at);
    expect(times.length).toBeLessThan(13);
    expect(times.at(-1)).toBe(7);
  });

  test('does not hold up another one, nor requests', async () => {
    const streams = Array.from({ length: 4 }, () => stream(server.url, voice));
    const answer = await fetch(`${server.url}/v1/emotion`, {
      method: 'POST',
      body: wavFile(voice),
    });
    expect(answer.status).toBe(200);
    const all = await Promise.all(streams);
    for (const { messages } of all) expect(messages).toEqual(all[0].messages);
  });
});

interface Fault {
  readonly name: string;
  readonly code: ErrorCode;
  readonly says: RegExp;
  readonly act: (client: LiveClient) => void;
}

const start = { type: 'start', sampleRate: 16_000 };
const started = (act: (client: LiveClient) => void) => (client: LiveClient) => {
  client.send(start);
  act(client);
};

const FAULTS: readonly Fault[] = [
  ...[7_999, 96_001, 16_000.5, '16000', null, undefined].map((sampleRate) => ({
    name: `a sample rate of ${JSON.stringify(sampleRate)}`,
    code: 'parameter-invalid' as const,
    says: /from 8000 to 96000/,
    act: (client: LiveClient) => client.send({ type: 'start', sampleRate }),
  })),
  {
    name: 'NaN, which JSON does not have',
    code: 'parameter-invalid',
    says: /must be JSON/,
    act: ({ socket }) => socket.send('{"type":"start","sampleRate":NaN}'),
  },
  ...['', 'hello', '"start"', 'null', '[]', '{}', '{"type":"sing"}'].map((text) => ({
    name: `the text ${JSON.stringify(text)}`,
    code: 'parameter-invalid' as const,
    says: /must be JSON|"start" or "stop"/,
    act: ({ socket }: LiveClient) => socket.send(text),
  })),
  {
    name: 'audio before start',
    code: 'parameter-invalid',
    says: /Audio came before "start"/,
    act: ({ socket }) => socket.send(pcm(voice.subarray(0, 100))),
  },
  {
    name: 'stop before start',
    code: 'parameter-invalid',
    says: /"stop" came before "start"/,
    act: (client) => client.send({ type: 'stop' }),
  },
  {
    name: 'start twice',
    code: 'parameter-invalid',
    says: /"start" came twice/,
    act: started((client) => client.send(start)),
  },
  {
    name: 'audio after stop',
    code: 'parameter-invalid',
    says: /after "stop"/,
    act: started((client) => {
      client.send({ type: 'stop' });
      client.socket.send(pcm(voice.subarray(0, 100)));
    }),
  },
  {
    name: 'half a sample',
    code: 'audio-unreadable',
    says: /A message of 101 bytes holds half a sample/,
    act: started(({ socket }) => socket.send(Buffer.alloc(101))),
  },
  {
    name: 'more than a second at once',
    code: 'audio-too-large',
    says: /at most 1 second of audio, which is 32000 bytes at 16000 Hz/,
    act: started(({ socket }) => socket.send(Buffer.alloc(32_002))),
  },
];

describe('a client that does something wrong is told so and closed', () => {
  test.each(FAULTS)('$name', async ({ code, says, act }) => {
    const client = await connect(server.url);
    act(client);
    const error = await client.received('error');
    expect(error).toMatchObject({ code, detail: expect.stringMatching(says) });
    expect(error.detail).toMatch(/^\S.+\.$/);
    expect((await client.ended).code).toBe(1008);
    expect(client.messages.at(-1)).toBe(error);
  });

  test('a message of more than 1 MiB is not read at all', async () => {
    const client = await connect(server.url);
    client.send(start);
    client.socket.send(Buffer.alloc(2 ** 20 + 2));
    expect((await client.ended).code).toBe(1009);
  });

  test('the next client finds the server as it was', async () => {
    expect((await stream(server.url, voice)).code).toBe(1000);
  });
});

describe('the server keeps to its limits', () => {
  test('so many streams at a time, and another one when one has ended', async () => {
    const url = await startOther({ streams: 2 });
    const first = await connect(url);
    const second = await connect(url);
    const third = await connect(url);
    expect(await third.received('error')).toMatchObject({
      code: 'rate-limited',
      status: 429,
      detail: expect.stringMatching(/^2 live streams are already open/),
    });
    expect((await third.ended).code).toBe(1008);
    first.socket.close();
    await first.ended;
    expect((await stream(url, voice)).code).toBe(1000);
    second.socket.close();
  });

  test('a client that sends nothing is closed with a sentence, one that sends is not', async () => {
    const url = await startOther({ idle: 1500 });
    const silent = await connect(url);
    const busy = await connect(url);
    busy.send(start);
    const sending = setInterval(() => sendAudio(busy, voice.subarray(0, 1600), 1600), 100);
    expect(await silent.received('error')).toMatchObject({
      code: 'audio-missing',
      detail: expect.stringMatching(/^Nothing arrived for 1\.5 seconds/),
    });
    expect((await silent.ended).code).toBe(1008);
    await sleep(300);
    clearInterval(sending);
    busy.send({ type: 'stop' });
    expect((await busy.ended).code).toBe(1000);
  });

  test('a client that does not answer pings is cut off', async () => {
    const url = await startOther({ ping: 1000 });
    const dead = await connect(url, { autoPong: false } as ClientOptions);
    const alive = await connect(url);
    expect((await dead.ended).code).toBe(1006);
    alive.send(start);
    alive.send({ type: 'stop' });
    expect((await alive.ended).code).toBe(1000);
  });

  test('when it stops, streams are closed with 1001', async () => {
    const url = await startOther({});
    const client = await connect(url);
    client.send(start);
    sendAudio(client, voice, 1600);
    await client.received('verdict');
    await Promise.all([other?.close(), client.ended]);
    expect(await client.ended).toEqual({ code: 1001, reason: 'The server is stopping.' });
  });

  test('also of a client that does not answer', async () => {
    const url = await startOther({ farewell: 200 });
    const { socket, received } = openConnection(url);
    const handshake = {
      ...{ Host: '127.0.0.1', Connection: 'Upgrade', Upgrade: 'websocket' },
      ...{ 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
    };
    const lines = Object.entries(handshake).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET /v1/live HTTP/1.1\r\n${lines.join('')}\r\n`);
    await received('101 Switching Protocols');
    const closed = once(socket, 'close');
    await other?.close();
    await closed;
  });
});

/** Asks for a WebSocket and returns the HTTP answer that refuses it. */
async function refused(path: string, options: ClientOptions) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`, options);
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  expect(response.headers['content-type']).toBe('application/problem+json');
  return JSON.parse(body) as { code: string; status: number; detail: string };
}

describe('who may connect', () => {
  test('pages of this machine', async () => {
    for (const origin of [server.url, 'http://localhost:5173']) {
      const client = await connect(server.url, { origin });
      client.send(start);
      expect(await client.received('ready')).toBeDefined();
      client.socket.close();
    }
  });

  test('not pages of other origins, nor any under another name', async () => {
    for (const origin of [
      'https://example.com',
      'null',
      'file://',
      'http://localhost.example.com',
    ]) {
      expect(await refused('/v1/live', { origin })).toMatchObject({
        code: 'origin-refused',
        status: 403,
      });
    }
    const headers = { host: 'undertone.example' };
    expect(await refused('/v1/live', { headers })).toMatchObject({ code: 'host-unknown' });
  });

  test('and nowhere else', async () => {
    for (const path of ['/', '/v1/emotion', '/v1/live/', '/v1/live/other']) {
      const { code, detail } = await refused(path, {});
      expect(code).toBe('not-found');
      expect(detail).toContain('WebSocket /v1/live');
    }
  });
});

test('a request that offers another protocol is answered as if it did not', async () => {
  const { socket, received } = openConnection(server.url);
  const note = wavFile(voice);
  socket.write(
    requestHead({
      ...{ Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' },
      'Content-Length': note.length,
    }),
  );
  socket.write(note);
  expect(await received('"emotion":"sad"')).toMatch(/^HTTP\/1\.1 200 OK/);
  // The connection goes on.
  socket.write('GET /v1/model HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  await received('"family"');
  socket.destroy();
});
