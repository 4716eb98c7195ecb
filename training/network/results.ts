import type { CalibrationFigures } from '../calibration.ts';
import type { Scores } from '../metrics.ts';
import type { CurvePoint } from './checkpoint.ts';
import type { NetworkRecipe } from './fit.ts';

/** Everything that a run measured: what `results.json` holds, and report and model card are made from. */
export interface NetworkResults {
  readonly created: string;
  readonly classes: readonly string[];
  readonly recipe: {
    readonly pretraining: NetworkRecipe | null;
    readonly fit: NetworkRecipe;
    /** Seeds of the networks whose average ships. */
    readonly members: readonly number[];
    /** Networks that each seed gives, one at the end of each cycle of the schedule. */
    readonly cycles: number;
  };
  readonly data: readonly CorpusSummary[];
  /** Five folds by actor, RAVDESS; predictions pooled over the folds. */
  readonly unseen: {
    /** The folds that a seed was run on, counted from 1: all of them, or said plainly which. */
    readonly seeds: readonly SeedScores[];
    /** The average of the members, which ships, on all folds. */
    readonly ensemble: UnseenScores;
    /** By what is known of the recordings, of the ensemble: women, men, normal, strong. Speech. */
    readonly groups: readonly NamedScores[];
    /** Every test actor, in the order of their numbers. Speech. */
    readonly actors: readonly ActorScores[];
    /** What each lever brings: the UAR of speech with it, in order. */
    readonly levers: readonly Lever[];
  };
  /** Random 80/20 split over speech and song, one network a seed. Leaks speakers. */
  readonly randomSplit: readonly (Scores & { readonly seed: number })[];
  /** CREMA-D actors who were never trained on, by the model that ships; six classes. */
  readonly cremaD: {
    readonly scores: Scores;
    readonly actors: readonly ActorScores[];
    readonly groups: readonly NamedScores[];
  } | null;
  /** Speech of unseen RAVDESS speakers under fixed conditions; the first is clean. */
  readonly robustness: readonly ConditionScores[];
  readonly calibration: CalibrationFigures &
    Required<Pick<CalibrationFigures, 'accuracyAt70' | 'reliability'>>;
  /** Recordings that the voice detector refuses: sounds (it should) and voices (it should not). */
  readonly noSpeech: readonly {
    readonly name: string;
    readonly clips: number;
    readonly refused: number;
  }[];
  /** Clips of unseen speakers joined to long notes, and how much of their time is labelled rightly. */
  readonly timeline: {
    readonly notes: number;
    readonly seconds: number;
    readonly timeWeightedAccuracy: number;
    readonly withoutSmoothing: number;
  } | null;
  readonly curves: readonly { readonly name: string; readonly points: readonly CurvePoint[] }[];
  readonly model: {
    readonly bytes: number;
    readonly sha256: string;
    readonly parameters: number;
  };
}

export interface CorpusSummary {
  readonly name: string;
  readonly licence: string;
  readonly citation: string;
  readonly clips: number;
  readonly speakers: number;
  /** Of these, clips and speakers that are only tested on. */
  readonly heldOut: { readonly clips: number; readonly speakers: number };
  readonly excluded: readonly { readonly id: string; readonly reason: string }[];
  /** Clips of each emotion, in class order, for each channel. */
  readonly byChannel: Readonly<Record<string, readonly number[]>>;
}

export interface UnseenScores {
  readonly speech: Scores;
  readonly song: Scores | null;
}

export interface SeedScores extends UnseenScores {
  readonly seed: number;
  readonly folds: readonly {
    readonly fold: number;
    readonly actors: readonly number[];
    readonly uar: number;
  }[];
}

export interface NamedScores {
  readonly name: string;
  readonly scores: Scores;
}

export interface ActorScores {
  readonly actor: number;
  readonly gender: 'female' | 'male' | null;
  readonly clips: number;
  readonly accuracy: number;
  readonly unweightedAverageRecall: number;
}

export interface Lever {
  readonly name: string;
  /** Folds that it was measured on, counted from 1. */
  readonly folds: readonly number[];
  readonly uar: number;
}

export interface ConditionScores {
  /** As in training/augment/conditions.ts. */
  readonly condition: string;
  readonly unweightedAverageRecall: number;
  readonly accuracy: number;
}
