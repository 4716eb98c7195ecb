import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { decode, SAMPLE_RATE } from '../core/audio/decode.ts';
import { Resampler } from '../core/audio/resample.ts';
import { defaultModel } from '../core/classify.ts';
import { LiveListener } from '../core/live.ts';
import { wavFile } from '../tests/fixtures/audio.ts';
import { growthOf, measure, percentile, processorTime, table } from './measure.ts';
import { type ServerProcess, startServer } from './server.ts';

/** What browsers record. */
const RATE = 48_000;
/** Seconds of a message in real time: a page collects about 1024 samples. */
const MESSAGE = 0.02;
/** Seconds of the streams in real time. */
const REAL_TIME = 20;
/** As many as a server takes. */
const STREAMS = 8;
/** Seconds of the stream whose memory is watched, unless UNDERTONE_LIVE says otherwise. */
const LONG = 300;
/** Bytes that may wait on the client's side of a fast stream. */
const AHEAD = 2 ** 20;

/**
 * Live streams against one server, as `npm start` runs it: how long after the end of a window its verdict
 * comes, alone and among others, and whether a long stream needs more memory than a short one.
 */
export async function benchLive(): Promise<void> {
  const path = fileURLToPath(new URL('../../samples/long.ogg', import.meta.url));
  const { samples } = await decode(await readFile(path));
  const server = await startServer();
  try {
    await latency(server, samples);
    await together(server, samples);
    await longStream(server, samples);
  } finally {
    server.kill();
  }
}

async function latency({ url }: ServerProcess, samples: Float32Array): Promise<void> {
  await realTime(url, samples, 5);
  const times = await realTime(url, samples, REAL_TIME);
  const note = wavFile(samples.subarray(0, 4 * SAMPLE_RATE));
  const emotion = `${url}/v1/emotion?timeline=false`;
  const post = async () => (await fetch(emotion, { method: 'POST', body: note })).json();
  const cli = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const plain = fileURLToPath(new URL('../../samples/plain.ogg', import.meta.url));
  const spawned = () => promisify(execFile)(process.execPath, [cli, 'classify', plain]);
  table('From the end of a window of 2.56 s to its verdict, median', [
    { name: 'live, over the WebSocket', median: percentile(times, 0.5) },
    await measure('the last 4 s as WAV through POST /v1/emotion', 20, post, 3),
    await measure('undertone classify, a new process', 3, spawned),
  ]);
  console.log(`  ${spread(times)}`);
  const listener = new LiveListener({ model: await defaultModel() });
  await listener.push(samples);
  let verdicts = 0;
  const processor = await processorTime(async () => {
    verdicts = (await listener.push(samples)).length;
  });
  console.log(`  a verdict takes ${(processor / verdicts).toFixed(1)} ms of processor time`);
}

async function together({ url }: ServerProcess, samples: Float32Array): Promise<void> {
  const streams = Array.from({ length: STREAMS }, async (_, i) => {
    // People do not all begin in the same moment.
    await sleep((i * 500) / STREAMS);
    return realTime(url, samples, REAL_TIME);
  });
  const times = (await Promise.all(streams)).flat();
  console.log(`\n${STREAMS} live streams at once, ${REAL_TIME} s each`);
  console.log(`  ${spread(times)}`);
}

async function longStream(server: ServerProcess, samples: Float32Array): Promise<void> {
  const seconds = Math.max(60, Number(process.env.UNDERTONE_LIVE ?? LONG));
  const socket = await open(server.url, SAMPLE_RATE);
  const memory: number[] = [];
  let verdicts = 0;
  socket.on('message', (data) => {
    if (typeOf(data) === 'verdict') verdicts++;
  });
  const second = pcm(samples.subarray(0, SAMPLE_RATE * Math.floor(samples.length / SAMPLE_RATE)));
  const began = performance.now();
  for (let sent = 0; sent < seconds; sent++) {
    const from = (sent * 2 * SAMPLE_RATE) % second.length;
    socket.send(second.subarray(from, from + 2 * SAMPLE_RATE));
    while (socket.bufferedAmount > AHEAD) await sleep(5);
    memory.push(server.memory());
  }
  socket.send('{"type":"stop"}');
  await once(socket, 'close');
  const took = (performance.now() - began) / 1000;
  memory.push(server.memory());
  const [start, half, end] = [0, Math.floor(seconds / 2), seconds].map((i) => memory[i]);
  console.log(`\nOne live stream of ${seconds} s as fast as it is heard, memory of the server`);
  console.log(
    `  ${verdicts} verdicts in ${took.toFixed(0)} s, ${(seconds / took).toFixed(0)} times real time`,
  );
  console.log(
    `  start ${start} MB, half ${half} MB, end ${end} MB, most ${Math.max(...memory)} MB`,
  );
  console.log(`  ${growthOf(memory)}`);
}

/** Sends sound as a microphone gives it and returns how late each verdict was, in milliseconds. */
async function realTime(url: string, samples: Float32Array, seconds: number): Promise<number[]> {
  const socket = await open(url, RATE);
  const loop = pcm(new Resampler(SAMPLE_RATE, RATE).push(samples));
  const began = performance.now();
  const late: number[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { type: string; at: number };
    // What was recorded until `at` was there at this time and not before.
    if (message.type === 'verdict') late.push(performance.now() - began - message.at * 1000);
  });
  const size = 2 * MESSAGE * RATE;
  for (let i = 0; i < seconds / MESSAGE; i++) {
    await sleep(Math.max(0, began + (i + 1) * MESSAGE * 1000 - performance.now()));
    const from = (i * size) % (loop.length - size);
    socket.send(loop.subarray(from, from + size));
  }
  socket.send('{"type":"stop"}');
  await once(socket, 'close');
  return late;
}

async function open(url: string, sampleRate: number): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'start', sampleRate }));
  await once(socket, 'message');
  return socket;
}

function typeOf(data: unknown): string {
  return (JSON.parse(String(data)) as { type: string }).type;
}

function pcm(samples: Float32Array): Buffer {
  const bytes = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 0x7fff), 2 * i);
  });
  return bytes;
}

function spread(times: readonly number[]): string {
  const at = (share: number) => `${Math.round(percentile(times, share))} ms`;
  return `${times.length} verdicts: p50 ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)}`;
}
