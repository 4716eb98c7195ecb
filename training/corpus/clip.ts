import type { Emotion } from '../../core/model/emotions.ts';

/** One recording of a corpus, and what its name tells. */
export interface Clip {
  readonly path: string;
  /** Its name without folders and ending; unique in its corpus. */
  readonly id: string;
  readonly emotion: Emotion;
  readonly actor: number;
  readonly gender: 'female' | 'male';
  readonly channel: 'speech' | 'song';
  readonly intensity: 'normal' | 'strong';
  readonly statement: number;
}
