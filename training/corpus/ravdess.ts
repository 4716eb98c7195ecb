import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { EMOTIONS } from '../../core/model/emotions.ts';
import type { Clip } from './clip.ts';

/** What people have RAVDESS as: the original WAV, or smaller copies of it; the best first. */
const EXTENSIONS = ['.wav', '.flac', '.ogg'];

/**
 * modality-channel-emotion-intensity-statement-repetition-actor; 03 is audio only
 * (Livingstone & Russo 2018, PLoS ONE 13(5):e0196391, table 4).
 */
const NAME = /^03-(0[12])-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1\d|2[0-4])$/;

export interface FoundClips {
  readonly clips: Clip[];
  /** Files below the folder that are no RAVDESS recordings, by path. */
  readonly others: string[];
}

/**
 * Finds the RAVDESS recordings below a folder, wherever they lie in it: with both archives unpacked
 * side by side these are `Audio_Speech_Actors_01-24` and `Audio_Song_Actors_01-24`.
 *
 * @returns the clips in the order of their names, copies with the best format first, and what else is there
 * @example
 * const { clips } = await findRavdess('/data/ravdess');
 */
export async function findRavdess(folder: string): Promise<FoundClips> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const clips: Clip[] = [];
  const others: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const clip = clipOf(path);
    if (clip) clips.push(clip);
    else others.push(path);
  }
  // By code unit, not by locale: the order decides what is drawn for whom.
  const keyOf = ({ id, path }: Clip) => `${id} ${formatOf(path)} ${path}`;
  clips.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return { clips, others };
}

/** Reads a clip's description from its name; null when it is not one of RAVDESS. */
export function clipOf(path: string): Clip | null {
  if (formatOf(path) < 0) return null;
  const id = basename(path, extname(path));
  const match = NAME.exec(id);
  if (!match) return null;
  const [channel, emotion, intensity, statement, , actor] = match.slice(1).map(Number);
  return {
    path,
    id,
    emotion: EMOTIONS[emotion - 1],
    actor,
    gender: actor % 2 === 0 ? 'female' : 'male',
    channel: channel === 1 ? 'speech' : 'song',
    intensity: intensity === 1 ? 'normal' : 'strong',
    statement,
  };
}

/** The position of a file's format in EXTENSIONS; -1 for any other. */
function formatOf(path: string): number {
  return EXTENSIONS.indexOf(extname(path).toLowerCase());
}
