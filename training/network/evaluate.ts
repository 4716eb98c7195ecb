import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { type Matrix, takeRows, zeros } from '../../evaluation/matrix.ts';
import { type Scores, score } from '../../evaluation/metrics.ts';
import type { Clip } from '../corpus/clip.ts';
import type { Ensemble } from './export.ts';
import type { NetworkResult } from './network-task.ts';
import { predictClips } from './predict.ts';
import type { PreparedCorpus } from './prepare.ts';
import type { Probe } from './probe.ts';
import type { ActorScores, NamedScores } from './results.ts';
import { applyScaling, type Scaling } from './scaling.ts';
import type { Spectrograms } from './spectrogram-store.ts';

/** What learned from the same recordings: networks of several seeds, and probes. */
export interface Trained {
  readonly networks: readonly NetworkResult[];
  readonly probes: readonly Probe[];
}

/** The finished fits, by what they are for. */
export interface Fitted {
  /** What each fold of RAVDESS that was asked for is tested with, by its number from 0. */
  readonly folds: ReadonlyMap<number, Trained>;
  /** What each corpus that was left out is tested with, by its name. */
  readonly without: ReadonlyMap<string, Trained>;
  /** What ships: trained on everything, or the networks of the protocols. */
  readonly shipped: Trained;
  readonly randomSplit: Trained | null;
}

export function ensembleOf({ networks, probes }: Trained): Ensemble {
  return { networks: networks.map(({ weights }) => weights), probes };
}

/** Predictions for some rows of a corpus; row k of `probabilities` belongs to `rows[k]`. */
export interface Predictions {
  readonly rows: Int32Array;
  readonly probabilities: Matrix;
}

/** Returns the predictions of several folds as one, in the order given. */
export function poolPredictions(folds: readonly Predictions[]): Predictions {
  const rows = Int32Array.from(folds.flatMap((fold) => Array.from(fold.rows)));
  const probabilities = zeros(rows.length, EMOTION_COUNT);
  let at = 0;
  for (const fold of folds) {
    probabilities.data.set(fold.probabilities.data, at);
    at += fold.probabilities.data.length;
  }
  return { rows, probabilities };
}

/** Scores the predictions for the rows that `filter` takes; null when there are none. */
export function scoreWhere(
  { rows, probabilities }: Predictions,
  labels: Int32Array,
  filter: (row: number) => boolean = () => true,
): Scores | null {
  const kept = Int32Array.from(rows.keys()).filter((k) => filter(rows[k]));
  if (kept.length === 0) return null;
  return score(
    labels,
    kept.map((k) => rows[k]),
    takeRows(probabilities, kept),
  );
}

/** Scores every actor, in the order of their numbers. */
export function scoreActors(
  predictions: Predictions,
  labels: Int32Array,
  clips: readonly Clip[],
): ActorScores[] {
  const actors = [...new Set(Array.from(predictions.rows, (row) => clips[row].actor))];
  return actors
    .sort((a, b) => a - b)
    .flatMap((actor) => {
      const scores = scoreWhere(predictions, labels, (row) => clips[row].actor === actor);
      if (!scores) return [];
      const gender = clips[predictions.rows.find((row) => clips[row].actor === actor) ?? 0].gender;
      const { clips: count, accuracy, unweightedAverageRecall } = scores;
      return [{ actor, gender, clips: count, accuracy, unweightedAverageRecall }];
    });
}

/** Scores the groups that have recordings. */
export function scoreGroups(
  predictions: Predictions,
  labels: Int32Array,
  groups: Readonly<Record<string, (row: number) => boolean>>,
): NamedScores[] {
  return Object.entries(groups).flatMap(([name, filter]) => {
    const scores = scoreWhere(predictions, labels, filter);
    return scores ? [{ name, scores }] : [];
  });
}

/** Returns what trained networks and their probes say about clips. */
export async function predict(
  trained: Trained,
  spectrograms: Spectrograms,
  rows: Int32Array,
  rendering = 0,
): Promise<Predictions & { readonly voices: Float32Array }> {
  const said = await predictClips(ensembleOf(trained), spectrograms, rows, rendering);
  return { rows, probabilities: said.emotions, voices: said.voices };
}

export function scaled({ rows, probabilities }: Predictions, scaling: Scaling): Predictions {
  return { rows, probabilities: applyScaling(probabilities, scaling) };
}

export function wherever(
  { rows, probabilities }: Predictions,
  filter: (row: number) => boolean,
): Predictions {
  const kept = Int32Array.from(rows.keys()).filter((k) => filter(rows[k]));
  return { rows: kept.map((k) => rows[k]), probabilities: takeRows(probabilities, kept) };
}

/** Takes away the classes that do not occur: of six emotions one is told, not of eight. */
export function restricted({ rows, probabilities }: Predictions, labels: Int32Array): Predictions {
  const occurs = new Set(rows.map((row) => labels[row]));
  const data = probabilities.data.map((p, i) => (occurs.has(i % EMOTION_COUNT) ? p : 0));
  return { rows, probabilities: { ...probabilities, data } };
}

export function sexScores(predictions: Predictions, { clips, labels }: PreparedCorpus) {
  return (['female', 'male'] as const).flatMap((sex) => {
    const scores = scoreWhere(predictions, labels, (row) => clips[row].gender === sex);
    if (!scores) return [];
    const { clips: count, accuracy, unweightedAverageRecall } = scores;
    return [{ sex, clips: count, accuracy, unweightedAverageRecall }];
  });
}
