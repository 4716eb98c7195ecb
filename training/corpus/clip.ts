import type { Emotion } from '../../core/model/emotions.ts';

/**
 * How strongly an emotion was asked for. RAVDESS asks for normal and strong (01, 02), CREMA-D for
 * low, medium and high (LO, MD, HI), of which medium counts as normal and high as strong. Null
 * where nothing was asked for, as in most of CREMA-D (XX). The words of two corpora are alike; that
 * their actors meant the same by them is not known.
 */
export type Intensity = 'low' | 'normal' | 'strong';

/** One recording of a corpus, and what its name tells. */
export interface Clip {
  /** Name of the corpus. */
  readonly corpus: string;
  readonly path: string;
  /** Its name without folders and ending; unique in its corpus. */
  readonly id: string;
  readonly emotion: Emotion;
  /** The number that the corpus gives the speaker; `speaker` is unique over corpora. */
  readonly actor: number;
  /** `ravdess-07`, `crema-d-1061`. */
  readonly speaker: string;
  /** Null where names do not tell it. */
  readonly gender: 'female' | 'male' | null;
  readonly channel: 'speech' | 'song';
  readonly intensity: Intensity | null;
  /** What is said, unique over corpora: `ravdess-1`, `crema-d-IEO`. */
  readonly sentence: string;
}
