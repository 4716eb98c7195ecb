import type { NetworkResults, SeedScores } from '../../network/results.ts';
import { isFigure, listed, plural, score } from '../format.ts';

/** Seeds that make a spread worth more than one of fewer folds but more seeds. */
const ENOUGH_SEEDS = 3;

/** A figure measured several times over. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; null when it was measured once. */
  readonly deviation: number | null;
  readonly count: number;
}

/** Returns mean and standard deviation of the values that are figures; null when there are none. */
export function spreadOf(values: readonly (number | null | undefined)[]): Spread | null {
  const figures = values.filter(isFigure);
  const count = figures.length;
  if (count === 0) return null;
  const mean = figures.reduce((a, b) => a + b, 0) / count;
  const squares = figures.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : null, count };
}

/** @example spreadText(spreadOf([0.74, 0.75])); // '0.745 ± 0.007' */
export function spreadText(spread: Spread | null): string {
  if (!spread) return score(null);
  const { mean, deviation } = spread;
  return deviation === null ? score(mean) : `${score(mean)} ± ${score(deviation)}`;
}

export interface SeedSummary {
  /** UAR of each seed alone on the speech of unseen speakers, over seeds. */
  readonly uar: Spread | null;
  /** What it was measured on: "3 seeds, all 5 folds pooled". */
  readonly basis: string;
  /** The seeds that were run on all folds. */
  readonly complete: readonly SeedScores[];
}

/**
 * Sums the seeds up. Where too few of them were run on all folds, the spread is over all seeds on
 * the folds that they have in common, and the basis says so.
 */
export function summarizeSeeds({ unseen: { seeds } }: NetworkResults): SeedSummary {
  const numbers = [...new Set(seeds.flatMap(({ folds }) => folds.map(({ fold }) => fold)))];
  const common = numbers.filter((number) => seeds.every((seed) => uarOf(seed, number) !== null));
  const complete = seeds.filter((seed) => numbers.every((number) => uarOf(seed, number) !== null));
  const isEnough = complete.length >= Math.min(ENOUGH_SEEDS, seeds.length);
  if (isEnough || common.length === 0) {
    const uar = spreadOf(complete.map(({ speech }) => speech.unweightedAverageRecall));
    return {
      uar,
      basis: uar
        ? `${plural(complete.length, 'seed')}, ${numbers.length > 1 ? `all ${numbers.length} folds pooled` : 'one fold'}`
        : 'not measured',
      complete,
    };
  }
  const means = seeds.map((seed) => spreadOf(common.map((number) => uarOf(seed, number)))?.mean);
  return {
    uar: spreadOf(means),
    basis: `${plural(seeds.length, 'seed')} on ${common.length === 1 ? 'fold' : 'folds'} ${listed(common.toSorted((a, b) => a - b))} only, mean of the folds`,
    complete,
  };
}

/** Returns the UAR of a seed on a fold; null when it was not run on that one. */
export function uarOf({ folds }: SeedScores, number: number): number | null {
  return folds.find(({ fold }) => fold === number)?.uar ?? null;
}
