import type { CalibrationFigures } from '../../evaluation/calibration.ts';
import type { Scores } from '../../evaluation/metrics.ts';
import type { OutsideResults } from '../report/sections/outside.ts';
import type { CurvePoint, NetworkRecipe } from './fit.ts';
import type { Scaling } from './scaling.ts';

/** Everything that a run measured: what `results.json` holds, and report and model card are made from. */
export interface NetworkResults extends OutsideResults {
  readonly created: string;
  readonly classes: readonly string[];
  readonly recipe: {
    readonly fit: NetworkRecipe;
    /**
     * SHA-256 of the weights that every network began with, and of which a linear probe counts as much as
     * all networks together; null where they were drawn, and there is no probe.
     */
    readonly init: string | null;
    /** The same of the speech embedding, of which another probe counts as much; null without it. */
    readonly speech: string | null;
    /** How many networks are averaged in the model that ships. */
    readonly networks: number;
    /** Their seeds, where they were trained on everything; none where they are those of the protocols. */
    readonly members: readonly number[];
    /** Seeds of the networks that the protocols are measured with. */
    readonly seeds: readonly number[];
  };
  readonly data: readonly CorpusSummary[];
  /** Five folds by actor, RAVDESS; predictions pooled over the folds. */
  readonly unseen: {
    readonly ensemble: UnseenScores;
    /** By what is known of the recordings: women, men, normal, strong. Speech. */
    readonly groups: readonly NamedScores[];
    /** Every test actor, in the order of their numbers. Speech. */
    readonly actors: readonly ActorScores[];
    readonly folds: readonly {
      /** Counted from 1. */
      readonly fold: number;
      readonly actors: readonly number[];
      readonly uar: number;
    }[];
    /** Of speech, at the temperature and the threshold that other corpora chose. */
    readonly coverage: number;
    readonly answeredAccuracy: number | null;
    readonly expectedCalibrationError: number;
  };
  /** Random 80/20 split over speech and song, one network a seed. Leaks speakers. */
  readonly randomSplit: readonly (Scores & { readonly seed: number })[];
  /** CREMA-D actors who were never trained on, by the model that ships; six classes. */
  readonly cremaD: {
    readonly scores: Scores;
    readonly coverage: number;
    readonly answeredAccuracy: number | null;
    readonly expectedCalibrationError: number;
    /** Agreement with what most listeners named, where one emotion leads. */
    readonly listeners: {
      readonly clips: number;
      readonly accuracy: number;
      readonly unweightedAverageRecall: number;
    } | null;
    readonly actors: readonly ActorScores[];
    readonly groups: readonly NamedScores[];
  } | null;
  /** Speech of unseen RAVDESS speakers under fixed conditions; the first is clean. */
  readonly robustness: readonly ConditionScores[];
  readonly calibration: CalibrationFigures &
    Required<Pick<CalibrationFigures, 'reliability'>> & {
      readonly bias: Scaling['bias'];
      /** Probability from which on a window counts as speech. */
      readonly voiceThreshold: number;
    };
  /** Recordings that are refused as no speech: sounds (it should) and voices (it should not). */
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
  /** Whether no emotion was asked for in it. */
  readonly isPlainSpeech: boolean;
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

export interface ConditionScores {
  /** As in training/augment/conditions.ts. */
  readonly condition: string;
  readonly unweightedAverageRecall: number;
  readonly accuracy: number;
}
