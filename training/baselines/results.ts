import { EMOTIONS } from '../../core/model/emotions.ts';
import type { CalibrationFigures } from '../../evaluation/calibration.ts';
import type { Scores } from '../../evaluation/metrics.ts';
import type { Clip } from '../corpus/clip.ts';
import type { Dataset } from '../corpus/load.ts';
import type { Family, Parameters } from './families.ts';
import type { SearchPoint, Trial } from './protocols.ts';

/** Everything that a training run measured: what `results.json` holds and reports are made from. */
export interface Results {
  readonly created: string;
  readonly options: {
    readonly seed: number;
    readonly isQuick: boolean;
    readonly families: readonly Family[];
  };
  readonly minutes: number;
  readonly classes: readonly string[];
  readonly featureNames: readonly string[];
  readonly data: DataSummary;
  readonly candidates: readonly CandidateResults[];
  /** The family with the highest UAR on the speech of unseen speakers. */
  readonly chosen: Family;
  readonly final: {
    readonly parameters: Parameters;
    readonly search: readonly SearchPoint[];
    readonly featureImportances: readonly number[] | null;
    readonly modelBytes: number;
    readonly sha256: string;
  };
  readonly calibration: CalibrationFigures;
}

export interface CandidateResults {
  readonly family: Family;
  readonly title: string;
  readonly searchKind: 'grid' | 'randomized';
  /** Random 80/20 split over speech and song: leaks speakers. */
  readonly seed: Trial;
  readonly unseen: {
    readonly folds: readonly Trial[];
    readonly speech: Scores | null;
    readonly song: Scores | null;
  };
}

export interface DataSummary {
  readonly clips: number;
  readonly excluded: readonly { readonly id: string; readonly reason: string }[];
  readonly others: number;
  /** Clips of each emotion, in class order, for each value of a property. */
  readonly byChannel: Counts;
  readonly byActor: Counts;
  readonly byIntensity: Counts;
  /** Seconds: minimum, quartiles and maximum. */
  readonly durations: readonly number[];
  readonly speechDurations: readonly number[];
}

export type Counts = Readonly<Record<string, readonly number[]>>;

/** Counts what a data set holds. */
export function summarizeData(dataset: Dataset): DataSummary {
  const { clips, exclusions, others, durations, speechDurations } = dataset;
  return {
    clips: clips.length,
    excluded: exclusions.map(({ id, reason }) => ({ id, reason })),
    others,
    byChannel: countBy(clips, (clip) => clip.channel),
    byActor: countBy(clips, (clip) => String(clip.actor)),
    byIntensity: countBy(clips, (clip) => clip.intensity ?? 'unspecified'),
    durations: quartiles(durations),
    speechDurations: quartiles(speechDurations),
  };
}

function countBy(clips: readonly Clip[], property: (clip: Clip) => string): Counts {
  const counts: Record<string, number[]> = {};
  for (const clip of clips) {
    const key = property(clip);
    counts[key] ??= EMOTIONS.map(() => 0);
    counts[key][EMOTIONS.indexOf(clip.emotion)]++;
  }
  return counts;
}

function quartiles(values: Float32Array): number[] {
  const sorted = values.toSorted();
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = sorted[Math.round(share * (sorted.length - 1))];
    return Number(value.toFixed(2));
  });
}
