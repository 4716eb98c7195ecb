import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { Resampler } from '../core/audio/resample.ts';
import { decode, defaultModel, LiveListener, SAMPLE_RATE } from '../core/index.ts';
import { wavFile } from '../tests/fixtures/audio.ts';
import { classifyInNewProcess } from './classify.ts';
import {
  cpuTime,
  latencies,
  measure,
  percentile,
  printMemory,
  samplePath,
  table,
} from './measure.ts';
import { type ServerProcess, startServer } from './server.ts';

/** Samples a second, as browsers record. */
const RATE = 48_000;
/** Seconds of a message in real time: a page sends about 1024 samples. */
const MESSAGE = 0.02;
/** Seconds of the streams in real time. */
const REAL_TIME = 20;
/** Simultaneous streams: as many as a server accepts. */
const STREAMS = 8;
/** Seconds of the stream during which memory is watched; UNDERTONE_LIVE overrides it. */
const LONG = 300;
/** Bytes that the client may have in its buffer when it sends faster than real time. */
const BUFFERED = 2 ** 20;

/**
 * Live streams to the server of `npm start`: how long after the end of a window its verdict arrives, for
 * one stream and for several, and whether the memory of the server grows during a long stream.
 */
export async function benchLive(): Promise<void> {
  const { samples } = await decode(await readFile(samplePath('long.ogg')));
  const server = await startServer();
  try {
    await latency(server, samples);
    await simultaneous(server, samples);
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
  table('From the end of a window of 2.56 s to its verdict, median', [
    { name: 'live, over the WebSocket', median: percentile(times, 0.5) },
    await measure('POST /v1/emotion with the last 4 s as WAV', 20, post, 3),
    await measure('undertone classify, a new process', 3, () => classifyInNewProcess('plain.ogg')),
  ]);
  console.log(`  ${spread(times)}`);
  const listener = new LiveListener({ model: await defaultModel() });
  await listener.push(samples);
  let verdicts = 0;
  const cpu = await cpuTime(async () => {
    verdicts = (await listener.push(samples)).length;
  });
  console.log(`  CPU time of a verdict: ${(cpu / verdicts).toFixed(1)} ms`);
}

async function simultaneous({ url }: ServerProcess, samples: Float32Array): Promise<void> {
  const streams = Array.from({ length: STREAMS }, async (_, i) => {
    // Real speakers do not start at the same moment.
    await sleep((i * 500) / STREAMS);
    return realTime(url, samples, REAL_TIME);
  });
  const times = (await Promise.all(streams)).flat();
  console.log(`\n${STREAMS} simultaneous live streams of ${REAL_TIME} s`);
  console.log(`  ${spread(times)}`);
}

async function longStream(server: ServerProcess, samples: Float32Array): Promise<void> {
  const seconds = Math.max(60, Number(process.env.UNDERTONE_LIVE ?? LONG));
  const socket = await open(server.url, SAMPLE_RATE);
  const memory: number[] = [];
  let verdicts = 0;
  socket.on('message', (data) => {
    if (JSON.parse(String(data)).type === 'verdict') verdicts++;
  });
  const loop = pcm(samples.subarray(0, SAMPLE_RATE * Math.floor(samples.length / SAMPLE_RATE)));
  const start = performance.now();
  for (let sent = 0; sent < seconds; sent++) {
    const from = (sent * 2 * SAMPLE_RATE) % loop.length;
    socket.send(loop.subarray(from, from + 2 * SAMPLE_RATE));
    while (socket.bufferedAmount > BUFFERED) await sleep(5);
    memory.push(server.memory());
  }
  socket.send('{"type":"stop"}');
  await once(socket, 'close');
  const took = (performance.now() - start) / 1000;
  memory.push(server.memory());
  console.log(`\nA live stream of ${seconds} s, faster than real time, memory of the server`);
  console.log(
    `  ${verdicts} verdicts in ${took.toFixed(0)} s (${(seconds / took).toFixed(0)}× real time)`,
  );
  printMemory(memory);
}

/** Sends sound at the pace of a microphone; returns by how many milliseconds each verdict lags behind. */
async function realTime(url: string, samples: Float32Array, seconds: number): Promise<number[]> {
  const socket = await open(url, RATE);
  const loop = pcm(new Resampler(SAMPLE_RATE, RATE).push(samples));
  const start = performance.now();
  const lags: number[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { type: string; at: number };
    // The sound until `at` was complete at that time.
    if (message.type === 'verdict') lags.push(performance.now() - start - message.at * 1000);
  });
  const size = 2 * MESSAGE * RATE;
  for (let i = 0; i < seconds / MESSAGE; i++) {
    await sleep(Math.max(0, start + (i + 1) * MESSAGE * 1000 - performance.now()));
    const from = (i * size) % (loop.length - size);
    socket.send(loop.subarray(from, from + size));
  }
  socket.send('{"type":"stop"}');
  await once(socket, 'close');
  return lags;
}

async function open(url: string, sampleRate: number): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'start', sampleRate }));
  await once(socket, 'message');
  return socket;
}

function pcm(samples: Float32Array): Buffer {
  const bytes = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 0x7fff), 2 * i);
  });
  return bytes;
}

function spread(times: readonly number[]): string {
  return `${times.length} verdicts: ${latencies(times, { p50: 0.5, p95: 0.95, max: 1 })}`;
}
