/** Maps a step, counted from 0, to its learning rate. */
export type Schedule = (step: number) => number;

export interface OneCycleOptions {
  /** The largest learning rate. */
  readonly peak: number;
  readonly totalSteps: number;
  /** The share of the steps spent rising. 0.2 by default; 0 leaves plain cosine decay. */
  readonly warmup?: number;
  /** The first rate is the peak divided by this. 25 by default. */
  readonly startDivisor?: number;
  /** The last rate is the peak divided by this. 1e4 by default. */
  readonly endDivisor?: number;
}

/**
 * Returns the one-cycle schedule (Smith and Topin 2018): half a cosine up to the peak, half a cosine
 * down to almost nothing. Steps after the last keep the last rate.
 *
 * @example
 * const learningRate = oneCycle({ peak: 3e-3, totalSteps: 1000 });
 * learningRate(200); // 0.003
 */
export function oneCycle({
  peak,
  totalSteps,
  warmup = 0.2,
  startDivisor = 25,
  endDivisor = 1e4,
}: OneCycleOptions): Schedule {
  if (!(totalSteps >= 1 && warmup >= 0 && warmup < 1)) {
    throw new RangeError(`no cycle has ${totalSteps} steps and a warm-up of ${warmup}`);
  }
  const last = Math.max(1, totalSteps - 1);
  const top = warmup * last;
  return (step) =>
    step < top
      ? anneal(peak / startDivisor, peak, step / top)
      : anneal(peak, peak / endDivisor, Math.min(1, (step - top) / (last - top)));
}

/** Returns the point at `progress` (0 to 1) of half a cosine from one value to another. */
function anneal(from: number, to: number, progress: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * progress))) / 2;
}
