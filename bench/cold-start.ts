import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { bundleHandler } from '../cdk/bundle/code.ts';
import { findFfmpeg } from '../core/audio/ffmpeg.ts';
import { ROOT } from '../lib/root.ts';
import { emotionEvent } from '../tests/functions/event.ts';
import { type LocalLambda, startLambda } from '../tests/support/runtime-api.ts';

const COLD_RUNS = 7;
const WARM_RUNS = 50;
/** Clock ticks a second in /proc/<pid>/stat: fixed at 100 in what Linux shows to programs. */
const TICKS = 100;

/**
 * The function of `POST /v1/emotion` as it is deployed: from the start of its process to the first
 * verdict, warm, and the memory it takes. Wall-clock suffers from what else the machine does; the
 * processor time beside it does not.
 */
export async function benchColdStart(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-bench-'));
  try {
    const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
    bundleHandler({ name: 'emotion', architecture, node: 22 }, folder);
    const event = emotionEvent({ body: fiveSeconds() });
    console.log('\nThe bundled function, a note of 5 s (Ogg Opus), median');
    for (const [version, node] of runtimes()) await measure(version, { folder, node }, event);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runtimes(): [version: string, node: string][] {
  const { UNDERTONE_NODE22, UNDERTONE_NODE24 } = process.env;
  const all: [string, string | undefined][] = [
    [`Node ${process.versions.node}, this one`, process.execPath],
    ['Node 22', UNDERTONE_NODE22],
    ['Node 24', UNDERTONE_NODE24],
  ];
  return all.flatMap(([version, node]) => (node ? [[version, node]] : []));
}

async function measure(
  version: string,
  options: { readonly folder: string; readonly node: string },
  event: unknown,
): Promise<void> {
  const cold: Sample[] = [];
  let warm: Sample[] = [];
  let peak = 0;
  for (let run = 0; run < COLD_RUNS; run++) {
    await using lambda = await startLambda(options);
    cold.push(await time(lambda, event));
    if (run < COLD_RUNS - 1) continue;
    for (let i = 0; i < WARM_RUNS; i++) warm.push(await time(lambda, event));
    // The compiler of V8 is still busy in the first ones.
    warm = warm.slice(10);
    peak = peakMegabytes(lambda);
  }
  console.log(`  ${version}`);
  console.log(`    process start to first verdict  ${show(cold)}`);
  console.log(`    warm                            ${show(warm)}`);
  if (peak > 0)
    console.log(`    peak memory                     ${peak.toFixed(0).padStart(6)} MB`);
}

interface Sample {
  readonly wall: number;
  /** Milliseconds of processor time; 0 where the system does not tell. */
  readonly processor: number;
}

async function time(lambda: LocalLambda, event: unknown): Promise<Sample> {
  const before = processorMilliseconds(lambda);
  const start = performance.now();
  const { isError, payload } = await lambda.invoke<APIGatewayProxyResult>(event);
  const wall = performance.now() - start;
  if (isError || payload.statusCode !== 200) throw new Error(JSON.stringify(payload));
  return { wall, processor: processorMilliseconds(lambda) - before };
}

function show(samples: readonly Sample[]): string {
  const wall = median(samples.map((sample) => sample.wall));
  // The system counts in steps of 10 ms: the mean of many says more than their median.
  const processor = samples.reduce((sum, sample) => sum + sample.processor, 0) / samples.length;
  return `${wall.toFixed(0).padStart(6)} ms, ${processor.toFixed(0)} ms of processor time`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function processorMilliseconds({ pid }: LocalLambda): number {
  const stat = pid && read(`/proc/${pid}/stat`);
  if (!stat) return 0;
  // After the name, which may hold spaces: state is field 3, utime 14, stime 15 (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

function peakMegabytes({ pid }: LocalLambda): number {
  const status = pid && read(`/proc/${pid}/status`);
  return Number(/VmHWM:\s+(\d+) kB/.exec(status || '')?.[1] ?? 0) / 1000;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The first five seconds of a sample. */
function fiveSeconds(): Uint8Array {
  const path = join(ROOT, 'samples', 'slow-low.ogg');
  const cut = ['-i', path, '-t', '5', '-c', 'copy', '-f', 'ogg', 'pipe:1'];
  return execFileSync(findFfmpeg(), ['-loglevel', 'error', ...cut]);
}
