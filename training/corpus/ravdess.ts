import { EMOTIONS } from '../../core/model/emotions.ts';
import type { Clip } from './clip.ts';
import { type Corpus, type FoundClips, findRecordings, nameOf } from './find.ts';

/** What people have RAVDESS as: the original WAV, or smaller copies of it. */
const EXTENSIONS = ['.wav', '.flac', '.ogg'];

/**
 * modality-channel-emotion-intensity-statement-repetition-actor; 03 is audio only
 * (Livingstone & Russo 2018, PLoS ONE 13(5):e0196391, table 4).
 */
const NAME = /^03-(0[12])-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1\d|2[0-4])$/;

/** 24 actors, two sentences, eight emotions spoken and six sung. */
export const RAVDESS: Corpus = {
  name: 'ravdess',
  title: 'RAVDESS',
  licence: 'CC BY-NC-SA 4.0',
  citation: 'Livingstone & Russo 2018, PLoS ONE 13(5):e0196391',
  extensions: EXTENSIONS,
  clipOf,
};

/**
 * Finds the RAVDESS recordings below a folder, wherever they lie in it: with both archives unpacked
 * side by side these are `Audio_Speech_Actors_01-24` and `Audio_Song_Actors_01-24`.
 *
 * @returns the clips in the order of their names, copies with the best format first, and what else is there
 * @example
 * const { clips } = await findRavdess('/data/ravdess');
 */
export function findRavdess(folder: string): Promise<FoundClips> {
  return findRecordings(folder, [RAVDESS]);
}

function clipOf(path: string): Clip | null {
  const id = nameOf(path, EXTENSIONS);
  const match = id === null ? null : NAME.exec(id);
  if (id === null || !match) return null;
  const [channel, emotion, intensity, statement, , actor] = match.slice(1).map(Number);
  return {
    corpus: 'ravdess',
    path,
    id,
    emotion: EMOTIONS[emotion - 1],
    actor,
    speaker: `ravdess-${String(actor).padStart(2, '0')}`,
    gender: actor % 2 === 0 ? 'female' : 'male',
    channel: channel === 1 ? 'speech' : 'song',
    intensity: intensity === 1 ? 'normal' : 'strong',
    sentence: `ravdess-${statement}`,
  };
}
