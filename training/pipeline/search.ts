import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { argmaxRows } from '../matrix.ts';
import { classificationReport } from '../metrics.ts';
import type { Split } from '../split.ts';
import { FAMILY, type Family, type Parameters } from './families.ts';
import type { JobRunner } from './jobs.ts';

/** One combination of hyperparameters and its score on each inner fold. */
export interface SearchPoint {
  readonly parameters: Parameters;
  /** Unweighted average recall on each inner validation part. */
  readonly scores: readonly number[];
  readonly meanScore: number;
}

export interface SearchResult {
  readonly best: Parameters;
  /** In the order tried; empty when there was nothing to choose from, or nothing to choose by. */
  readonly points: readonly SearchPoint[];
}

/**
 * Chooses hyperparameters by cross-validation inside a training part: every combination is fitted
 * on every inner fold, and the best mean UAR wins (the earlier one on a tie).
 *
 * @param splits inner folds, as row numbers of the whole data set; without any, the first
 * combination is taken unseen
 */
export async function searchParameters(
  family: Family,
  {
    y,
    splits,
    seed,
    isQuick,
  }: { y: Int32Array; splits: readonly Split[]; seed: number; isQuick: boolean },
  jobs: JobRunner,
): Promise<SearchResult> {
  const candidates = candidateParameters(family, seed, isQuick);
  if (candidates.length === 1 || splits.length === 0) return { best: candidates[0], points: [] };
  const points = await Promise.all(
    candidates.map(async (parameters): Promise<SearchPoint> => {
      const scores = await Promise.all(
        splits.map(async ({ train, test }) => {
          const { probabilities } = await jobs.predict({ family, parameters, seed, train, test });
          return uarOf(
            probabilities,
            Int32Array.from(test, (i) => y[i]),
          );
        }),
      );
      return { parameters, scores, meanScore: scores.reduce((a, b) => a + b, 0) / scores.length };
    }),
  );
  const best = points.reduce((a, b) => (b.meanScore > a.meanScore ? b : a));
  return { best: best.parameters, points };
}

/** The combinations that a run tries: all, or only the first in a quick one. */
function candidateParameters(
  family: Family,
  seed: number,
  isQuick: boolean,
): readonly Parameters[] {
  const candidates = FAMILY[family].candidates(seed);
  return isQuick ? candidates.slice(0, 1) : candidates;
}

/** How many fits `searchParameters` asks for with that many inner folds. */
export function countSearchFits(
  family: Family,
  folds: number,
  { seed, isQuick }: { seed: number; isQuick: boolean },
): number {
  const tried = candidateParameters(family, seed, isQuick).length;
  return tried > 1 ? tried * folds : 0;
}

function uarOf(data: Float32Array, y: Int32Array): number {
  const predicted = argmaxRows({ rows: y.length, columns: EMOTION_COUNT, data });
  return classificationReport(y, predicted, EMOTION_COUNT).unweightedAverageRecall;
}
