import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { bundleHandler, MODEL_ENVIRONMENT } from '../cdk/bundle/code.ts';
import { emotionEvent } from '../tests/functions/event.ts';
import { type LocalLambda, startLambda } from '../tests/support/runtime-api.ts';
import { AS_RECORDED, fiveSeconds, percentile } from './measure.ts';

const COLD_RUNS = 7;
const WARM_RUNS = 50;
/** V8 still compiles during the first of them. */
const WARMUPS = 10;
/** Clock ticks a second in /proc/<pid>/stat, as Linux reports them to programs. */
const TICKS = 100;

/**
 * The function of `POST /v1/emotion` as it is deployed: time from the start of its process to the first
 * verdict, time of a warm invocation, and peak memory. The CPU time beside the wall-clock time does not
 * depend on what else the machine is doing.
 */
export async function benchColdStart(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-bench-'));
  try {
    const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
    bundleHandler({ name: 'emotion', architecture, node: 22 }, folder);
    const event = emotionEvent({ body: fiveSeconds(...AS_RECORDED) });
    console.log('\nThe bundled function, a note of 5 s (Ogg Opus), median');
    for (const [version, node] of runtimes()) await benchRuntime(version, { folder, node }, event);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runtimes(): [version: string, node: string][] {
  const { UNDERTONE_NODE22, UNDERTONE_NODE24 } = process.env;
  const all: [string, string | undefined][] = [
    [`Node ${process.versions.node} (current)`, process.execPath],
    ['Node 22', UNDERTONE_NODE22],
    ['Node 24', UNDERTONE_NODE24],
  ];
  return all.flatMap(([version, node]) => (node ? [[version, node]] : []));
}

async function benchRuntime(
  version: string,
  options: { readonly folder: string; readonly node: string },
  event: unknown,
): Promise<void> {
  const cold: Sample[] = [];
  const warm: Sample[] = [];
  let peak = 0;
  for (let run = 1; run <= COLD_RUNS; run++) {
    await using lambda = await startLambda({ ...options, environment: MODEL_ENVIRONMENT });
    cold.push(await invoke(lambda, event));
    if (run < COLD_RUNS) continue;
    for (let i = 0; i < WARM_RUNS; i++) warm.push(await invoke(lambda, event));
    peak = peakMegabytes(lambda);
  }
  console.log(`  ${version}`);
  console.log(`    process start to first verdict  ${show(cold)}`);
  console.log(`    warm                            ${show(warm.slice(WARMUPS))}`);
  if (peak > 0) {
    console.log(`    peak memory                     ${peak.toFixed(0).padStart(6)} MB`);
  }
}

interface Sample {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of CPU time; 0 on other systems than Linux. */
  readonly cpu: number;
}

async function invoke(lambda: LocalLambda, event: unknown): Promise<Sample> {
  const before = cpuMilliseconds(lambda);
  const start = performance.now();
  const { isError, payload } = await lambda.invoke<APIGatewayProxyResult>(event);
  const wall = performance.now() - start;
  if (isError || payload.statusCode !== 200) throw new Error(JSON.stringify(payload));
  return { wall, cpu: cpuMilliseconds(lambda) - before };
}

function show(samples: readonly Sample[]): string {
  const wall = percentile(
    samples.map((sample) => sample.wall),
    0.5,
  );
  // The system counts in steps of 10 ms, so the mean is more precise than the median.
  const cpu = samples.reduce((sum, sample) => sum + sample.cpu, 0) / samples.length;
  return `${wall.toFixed(0).padStart(6)} ms, ${cpu.toFixed(0)} ms of CPU time`;
}

function cpuMilliseconds({ pid }: LocalLambda): number {
  const stat = read(`/proc/${pid}/stat`);
  if (!stat) return 0;
  // Fields follow the name, which may contain spaces: state is field 3, utime 14, stime 15 (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

function peakMegabytes({ pid }: LocalLambda): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1000;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
