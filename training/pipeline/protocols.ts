import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import type { Dataset } from '../corpus/load.ts';
import { argmaxRows, type Matrix, takeRows, zeros } from '../matrix.ts';
import { type ClassificationReport, classificationReport, confusionMatrix } from '../metrics.ts';
import {
  groupedFolds,
  groupKFold,
  RAVDESS_TEST_ACTORS,
  type Split,
  stratifiedKFold,
  stratifiedSplit,
} from '../split.ts';
import type { Family, Parameters } from './families.ts';
import type { JobRunner } from './jobs.ts';
import { countSearchFits, type SearchPoint, searchParameters } from './search.ts';

/** Inner folds of every search. */
const INNER_FOLDS = 3;

/** What a model said about recordings that it was not trained on. */
export interface Scores extends ClassificationReport {
  readonly clips: number;
  /** True classes × predicted classes. */
  readonly confusion: readonly (readonly number[])[];
}

/** One fitted model of a protocol: what was searched, chosen and tested. */
export interface Trial {
  readonly parameters: Parameters;
  readonly search: readonly SearchPoint[];
  readonly featureImportances: readonly number[] | null;
  readonly learningCurve: readonly number[] | null;
  readonly testActors: readonly number[];
  readonly scores: Scores;
}

export interface SeedProtocol {
  readonly trial: Trial;
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
 * speakers are on both sides, which flatters.
 */
export async function seedProtocol(
  family: Family,
  dataset: Dataset,
  options: ProtocolOptions,
  jobs: JobRunner,
): Promise<SeedProtocol> {
  const split = stratifiedSplit(dataset.y, { testFraction: 0.2, seed: options.seed });
  const labels = Int32Array.from(split.train, (i) => dataset.y[i]);
  const inner = stratifiedKFold(labels, { folds: INNER_FOLDS, seed: options.seed });
  const { trial } = await runTrial(family, dataset, split, inner, options, jobs);
  return { trial, scores: trial.scores };
}

/**
 * Speakers unseen: every actor is tested by a model that never heard them, searched and fitted on
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
      ...{ parameters: best, search: points, featureImportances, learningCurve },
      ...{ testActors, scores },
    },
    predicted: probabilities,
  };
}

/** Scores the predictions of some rows; row k of `probabilities` belongs to `rows[k]`. */
export function score(y: Int32Array, rows: Int32Array, probabilities: Matrix): Scores {
  const expected = rows.map((i) => y[i]);
  const predicted = argmaxRows(probabilities);
  return {
    clips: rows.length,
    ...classificationReport(expected, predicted, EMOTION_COUNT),
    confusion: confusionMatrix(expected, predicted, EMOTION_COUNT),
  };
}
