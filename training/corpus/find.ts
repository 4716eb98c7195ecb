import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { UndertoneError } from '../../core/errors.ts';
import type { Emotion } from '../../core/model/emotions.ts';
import type { Clip } from './clip.ts';

/** What there is to know of a corpus: where it comes from, and how its names are read. */
export interface Corpus {
  /** In names of files and keys. */
  readonly name: string;
  /** As people call it. */
  readonly title: string;
  readonly licence: string;
  readonly citation: string;
  /** The formats that people have it in, the best first: lower case, with the dot. */
  readonly extensions: readonly string[];
  /** Whether no emotion was asked for: its clips count as neutral, and it is no test of emotions. */
  readonly isPlainSpeech?: boolean;
  /** Reads a clip's description from its name; null when it is not one of this corpus. */
  clipOf(path: string): Clip | null;
}

export interface FoundClips {
  readonly clips: Clip[];
  /** Files below the folder that are no recordings of the corpora looked for, by path. */
  readonly others: string[];
}

/**
 * Finds the recordings of some corpora below a folder, wherever they lie in it.
 *
 * @returns the clips in the order of the corpora and of their names, of copies the best format
 * first, and what else is there
 * @throws the error of the file system when the folder cannot be read
 */
export async function findRecordings(
  folder: string,
  corpora: readonly Corpus[],
): Promise<FoundClips> {
  const found: { clip: Clip; key: string }[] = [];
  const others: string[] = [];
  for (const path of await filesBelow(folder)) {
    const corpus = corpora.find((candidate) => candidate.clipOf(path));
    const clip = corpus?.clipOf(path);
    if (!corpus || !clip) {
      others.push(path);
      continue;
    }
    const format = formatOf(path, corpus.extensions);
    found.push({ clip, key: `${corpora.indexOf(corpus)} ${clip.id} ${format} ${path}` });
  }
  // By code unit, not by locale: the order decides what is drawn for whom.
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { clips: found.map(({ clip }) => clip), others };
}

/** Returns the paths of all files below a folder, in no particular order. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Returns a file's name without folders and ending; null when it has none of the extensions. */
export function nameOf(path: string, extensions: readonly string[]): string | null {
  return formatOf(path, extensions) < 0 ? null : basename(path, extname(path));
}

/** Returns the position of a file's format in `extensions`; -1 for any other. */
export function formatOf(path: string, extensions: readonly string[]): number {
  return extensions.indexOf(extname(path).toLowerCase());
}

/**
 * Returns the emotion that a name of a corpus stands for.
 *
 * @throws UndertoneError `audio-unreadable` for one that the corpus is not known to have
 */
export function emotionOf(
  names: Readonly<Record<string, Emotion>>,
  name: string,
  path: string,
): Emotion {
  if (Object.hasOwn(names, name)) return names[name];
  throw new UndertoneError(
    'audio-unreadable',
    `${path} names the emotion "${name}", which its corpus is not known to have; known are ${Object.keys(names).join(', ')}. Rename the file or move it out of the data folder.`,
  );
}
