import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFfmpeg } from '../core/index.ts';
import { percent } from '../lib/percent.ts';
import { ROOT } from '../lib/root.ts';

export interface Timing {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
  /** The quartiles below and above the median. */
  readonly low?: number;
  readonly high?: number;
  /** Milliseconds of processor time: a mean, and more reliable where other programs run. */
  readonly cpu?: number;
}

/** Runs `work` a few times to warm up and then `runs` times. */
export async function measure(
  name: string,
  runs: number,
  work: () => unknown,
  warmups = 1,
): Promise<Timing> {
  return (await measureInTurns({ [name]: work }, runs, warmups))[0];
}

/** Measures several things in turns, so that what else the machine does meets all of them. */
export async function measureInTurns(
  works: Readonly<Record<string, () => unknown>>,
  runs: number,
  warmups: number,
): Promise<Timing[]> {
  const all = Object.entries(works).map(([name, work]) => {
    return { name, work, wall: [] as number[], cpu: 0 };
  });
  for (const { work } of all) for (let i = 0; i < warmups; i++) await work();
  for (let i = 0; i < runs; i++) {
    for (const each of all) {
      const start = performance.now();
      each.cpu += await cpuTime(each.work);
      each.wall.push(performance.now() - start);
    }
  }
  return all.map(({ name, wall, cpu }) => ({ name, ...quartiles(wall), cpu: cpu / runs }));
}

export function quartiles(times: readonly number[]) {
  const [low, median, high] = [0.25, 0.5, 0.75].map((share) => percentile(times, share));
  return { low, median, high };
}

/** Returns the milliseconds of CPU time that `work` takes on all threads of this process. */
export async function cpuTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Returns the value that a share of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/**
 * Describes latencies in milliseconds.
 *
 * @example
 * latencies([1, 2, 3], { p50: 0.5, max: 1 }); // 'p50 2 ms, max 3 ms'
 */
export function latencies(
  times: readonly number[],
  shares: Readonly<Record<string, number>> = { p50: 0.5, p99: 0.99 },
  decimals = 0,
): string {
  return Object.entries(shares)
    .map(([name, share]) => `${name} ${percentile(times, share).toFixed(decimals)} ms`)
    .join(', ');
}

/** Prints timings as a table, each with its ratio to the first. */
export function table(title: string, timings: readonly Timing[]): void {
  console.log(`\n${title}`);
  const width = Math.max(...timings.map(({ name }) => name.length));
  for (const { name, median, low, high, cpu } of timings) {
    const ratio = `${(median / timings[0].median).toFixed(2)}×`;
    const spread =
      low === undefined || high === undefined
        ? ''
        : `${milliseconds(low)} to ${milliseconds(high)}`;
    const processor = cpu === undefined ? '' : `${milliseconds(cpu)} of processor time`;
    const columns = [milliseconds(median).padStart(9), ratio.padStart(8)];
    const rest = [spread.padStart(22), processor.padStart(30)];
    console.log(`  ${name.padEnd(width)} ${[...columns, ...rest].join(' ')}`.trimEnd());
  }
}

function milliseconds(time: number): string {
  if (time >= 10_000) return `${(time / 1000).toFixed(1)} s`;
  return `${time.toFixed(time < 100 ? 1 : 0)} ms`;
}

/** Returns how many times as long the first takes, in processor time where both have it. */
export function share(one: Timing, other: Omit<Timing, 'name'>): number {
  const hasBoth = one.cpu !== undefined && other.cpu !== undefined;
  return hasBoth ? one.cpu / other.cpu : one.median / other.median;
}

/** Prints whether a figure is within what is asked of it. */
export function check(what: string, value: number, limit: number, kind: 'most' | 'least' = 'most') {
  const isMet = kind === 'most' ? value <= limit : value >= limit;
  const asked = `asked: at ${kind} ${limit}`;
  console.log(`  ${isMet ? 'met    ' : 'NOT MET'}  ${what}: ${value.toPrecision(3)} (${asked})`);
}

/** Growth between the second and the last quarter of a run that still counts as flat. */
const FLAT = 0.1;

/** Prints how the memory (MB) of a server developed over a run. The first quarter is its warm-up. */
export function printMemory(memory: readonly number[]): void {
  const quarter = (n: number) =>
    memory.slice(Math.floor(((n - 1) * memory.length) / 4), Math.floor((n * memory.length) / 4));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const growth = mean(quarter(4)) / mean(quarter(2)) - 1;
  const [start, half, end] = [0, Math.floor(memory.length / 2), memory.length - 1];
  console.log(
    `  start ${memory[start]} MB, halfway ${memory[half]} MB, end ${memory[end]} MB, peak ${Math.max(...memory)} MB`,
  );
  console.log(
    `  last quarter against the second: ${percent(growth, { decimals: 1 })}, ${growth <= FLAT ? 'flat' : 'NOT FLAT'}`,
  );
}

/** Does some work in a temporary folder, which is removed afterwards, and returns its result. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'undertone-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Returns the path of a file in samples/. */
export function samplePath(name: string): string {
  return join(ROOT, 'samples', name);
}

/** Returns the first five seconds of a sample, encoded by ffmpeg with some options. */
export function fiveSeconds(...options: readonly string[]): Uint8Array {
  const cut = ['-loglevel', 'error', '-i', samplePath('slow-low.ogg'), '-t', '5'];
  return execFileSync(findFfmpeg(), [...cut, ...options, 'pipe:1']);
}

/** Options of ffmpeg for a note as it was recorded, in Ogg Opus. */
export const AS_RECORDED = ['-c', 'copy', '-f', 'ogg'] as const;
