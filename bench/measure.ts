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

function format(milliseconds: number): string {
  return milliseconds < 1000
    ? `${milliseconds.toFixed(1).padStart(8)} ms`
    : `${(milliseconds / 1000).toFixed(2).padStart(8)} s `;
}
