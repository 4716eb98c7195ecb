import type { CoveragePoint } from '../pipeline/calibrate.ts';
import type { Family, Parameters } from '../pipeline/families.ts';
import type { Scores, Trial } from '../pipeline/protocols.ts';
import type { SearchPoint } from '../pipeline/search.ts';

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
  readonly calibration: {
    readonly temperature: number;
    readonly threshold: number;
    readonly targetAccuracy: number;
    readonly coverage: number;
    readonly accuracy: number;
    /** On 15 bins, before and after temperature scaling. */
    readonly errorBefore: number;
    readonly errorAfter: number;
    readonly curve: readonly CoveragePoint[];
  };
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
