import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { argmaxRows, type Matrix, takeRows, zeros } from '../../evaluation/matrix.ts';
import { classificationReport, type Scores, score } from '../../evaluation/metrics.ts';
import type { Dataset } from '../corpus/load.ts';
import {
  groupedFolds,
  groupKFold,
  RAVDESS_TEST_ACTORS,
  type Split,
  stratifiedKFold,
  stratifiedSplit,
} from '../split.ts';
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

/** Inner folds of every search. */
const INNER_FOLDS = 3;

/** One fitted model of a protocol: its search, the parameters chosen and its test scores. */
export interface Trial {
  readonly parameters: Parameters;
  readonly search: readonly SearchPoint[];
  readonly featureImportances: readonly number[] | null;
  readonly learningCurve: readonly number[] | null;
  readonly testActors: readonly number[];
  readonly scores: Scores;
}

export interface UnseenProtocol {
  readonly folds: readonly Trial[];
  readonly speech: Scores | null;
  readonly song: Scores | null;
  /** Pooled out-of-fold probabilities, one row per clip of the data set. */
  readonly probabilities: Matrix;
  /** The fold that each clip was tested in. */
  readonly foldOf: Int32Array;
}

export interface ProtocolOptions {
  readonly seed: number;
  readonly isQuick: boolean;
}

/**
 * The original project's protocol: a random stratified 80/20 split over speech and song. The same
 * speakers are in training and test, so the figures are too optimistic.
 */
export async function seedProtocol(
  family: Family,
  dataset: Dataset,
  options: ProtocolOptions,
  jobs: JobRunner,
): Promise<Trial> {
  const split = stratifiedSplit(dataset.y, { testFraction: 0.2, seed: options.seed });
  const labels = Int32Array.from(split.train, (i) => dataset.y[i]);
  const inner = stratifiedKFold(labels, { folds: INNER_FOLDS, seed: options.seed });
  const { trial } = await runTrial(family, dataset, split, inner, options, jobs);
  return trial;
}

/**
 * Speakers unseen: every actor is tested by a model that was searched and fitted on
 * the other actors alone; the predictions of all folds are pooled.
 */
export async function unseenProtocol(
  family: Family,
  dataset: Dataset,
  options: ProtocolOptions,
  jobs: JobRunner,
): Promise<UnseenProtocol> {
  const splits = actorFolds(dataset);
  const probabilities = zeros(dataset.y.length, EMOTION_COUNT);
  const foldOf = new Int32Array(dataset.y.length);
  const folds = await Promise.all(
    splits.map(async (split, fold) => {
      const inner = innerActorFolds(dataset, split.train, options.seed);
      const { trial, predicted } = await runTrial(family, dataset, split, inner, options, jobs);
      split.test.forEach((row, k) => {
        const values = predicted.subarray(k * EMOTION_COUNT, (k + 1) * EMOTION_COUNT);
        probabilities.data.set(values, row * EMOTION_COUNT);
        foldOf[row] = fold;
      });
      return trial;
    }),
  );
  const pooled = (channel: 'speech' | 'song') => {
    const rows = rowsOf(dataset, channel);
    return rows.length > 0 ? score(dataset.y, rows, takeRows(probabilities, rows)) : null;
  };
  return { folds, speech: pooled('speech'), song: pooled('song'), probabilities, foldOf };
}

/** How many fits both protocols together ask for. */
export function countFits(family: Family, dataset: Dataset, options: ProtocolOptions): number {
  const unseen = actorFolds(dataset).map(
    ({ train }) => innerActorFolds(dataset, train, options.seed).length,
  );
  return [INNER_FOLDS, ...unseen].reduce(
    (sum, folds) => sum + countSearchFits(family, folds, options) + 1,
    0,
  );
}

/** Inner folds for searching on all actors, as the exported model does. */
export function innerActorFolds({ clips }: Dataset, rows: Int32Array, seed: number): Split[] {
  const actors = Array.from(rows, (i) => clips[i].actor);
  const folds = Math.min(INNER_FOLDS, new Set(actors).size);
  return folds < 2 ? [] : groupedFolds(actors, { folds, seed });
}

/** Rows of one channel. */
export function rowsOf({ clips }: Dataset, channel: 'speech' | 'song'): Int32Array {
  return Int32Array.from(clips.keys()).filter((i) => clips[i].channel === channel);
}

/** The published five folds as far as their actors are there; one fold per actor in a small corpus. */
function actorFolds({ clips }: Dataset): Split[] {
  const actors = clips.map((clip) => clip.actor);
  const present = new Set(actors);
  const published = RAVDESS_TEST_ACTORS.map((list) => list.filter((actor) => present.has(actor)));
  const lists = published.every((list) => list.length > 0)
    ? published
    : [...present].map((actor) => [actor]);
  return groupKFold(actors, lists);
}

async function runTrial(
  family: Family,
  { y, clips }: Dataset,
  { train, test }: Split,
  innerSplits: readonly Split[],
  { seed, isQuick }: ProtocolOptions,
  jobs: JobRunner,
): Promise<{ trial: Trial; predicted: Float32Array }> {
  // Inner folds number the rows of the training part; tasks number those of the data set.
  const splits = innerSplits.map((inner) => ({
    train: inner.train.map((i) => train[i]),
    test: inner.test.map((i) => train[i]),
  }));
  const { best, points } = await searchParameters(family, { y, splits, seed, isQuick }, jobs);
  const task = { family, parameters: best, seed, train, test };
  const { probabilities, featureImportances, learningCurve } = await jobs.predict(task);
  const matrix = { rows: test.length, columns: EMOTION_COUNT, data: probabilities };
  const testActors = [...new Set(Array.from(test, (i) => clips[i].actor))].sort((a, b) => a - b);
  const scores = score(y, test, matrix);
  return {
    trial: {
      parameters: best,
      search: points,
      featureImportances,
      learningCurve,
      testActors,
      scores,
    },
    predicted: probabilities,
  };
}
