import { percent } from '../lib/percent.ts';

export interface Timing {
  readonly name: string;
  /** Median milliseconds of a run. */
  readonly median: number;
}

/** Runs `work` once to warm up and then `runs` times; returns the median wall-clock time. */
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
  times.sort((a, b) => a - b);
  return { name, median: times[Math.floor(runs / 2)] };
}

/** Milliseconds of processor time that `work` took on all threads of this process. */
export async function processorTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Prints timings as a table; the ratio is to the first one. */
export function table(title: string, timings: readonly Timing[]): void {
  console.log(`\n${title}`);
  const width = Math.max(...timings.map(({ name }) => name.length));
  for (const { name, median } of timings) {
    const ratio = median / timings[0].median;
    console.log(`  ${name.padEnd(width)}  ${format(median)}  ${ratio.toFixed(2).padStart(7)} ×`);
  }
}

/** Growth from the second quarter of a run to the last one that still counts as flat. */
const FLAT = 1.1;

/** Says whether the memory of a long run grew; the first quarter warms up. */
export function growthOf(memory: readonly number[]): string {
  const quarter = (n: number) =>
    memory.slice(Math.floor(((n - 1) * memory.length) / 4), Math.floor((n * memory.length) / 4));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const growth = mean(quarter(4)) / mean(quarter(2));
  const change = percent(growth - 1, { decimals: 1 });
  return `last quarter against the second one: ${change}, ${growth <= FLAT ? 'flat' : 'NOT FLAT'}`;
}

/** Returns the value that a share of all do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function format(milliseconds: number): string {
  return milliseconds < 1000
    ? `${milliseconds.toFixed(1).padStart(8)} ms`
    : `${(milliseconds / 1000).toFixed(2).padStart(8)} s `;
}
