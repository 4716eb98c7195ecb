import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findFfmpeg } from '../core/index.ts';
import { percent } from '../lib/percent.ts';
import { ROOT } from '../lib/root.ts';

export interface Timing {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
}

/** Runs `work` a few times to warm up and then `runs` times; returns the median wall-clock time. */
export async function measure(
  name: string,
  runs: number,
  work: () => unknown,
  warmups = 1,
): Promise<Timing> {
  for (let i = 0; i < warmups; i++) await work();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return { name, median: percentile(times, 0.5) };
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
  for (const { name, median } of timings) {
    const ratio = `${(median / timings[0].median).toFixed(2)}×`;
    console.log(`  ${name.padEnd(width)}  ${format(median)}  ${ratio.padStart(8)}`);
  }
}

function format(milliseconds: number): string {
  return milliseconds < 1000
    ? `${milliseconds.toFixed(1).padStart(8)} ms`
    : `${(milliseconds / 1000).toFixed(2).padStart(8)} s `;
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
