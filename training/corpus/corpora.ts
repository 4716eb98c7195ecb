import { ASED } from './ased.ts';
import type { Clip } from './clip.ts';
import { CREMA_D } from './crema-d.ts';
import { type Corpus, type FoundClips, findRecordings } from './find.ts';
import { NEMO } from './nemo.ts';
import { RAVDESS } from './ravdess.ts';
import { SPEECHOCEAN762 } from './speechocean762.ts';

/**
 * Every corpus that can be trained on. To add one: a file like `nemo.ts` that turns a file name into
 * a Clip, and its place in this list. Names must tell corpora apart, and speakers and sentences carry
 * the name of their corpus.
 */
export const CORPORA: readonly Corpus[] = [RAVDESS, CREMA_D, ASED, NEMO, SPEECHOCEAN762];

export interface FoundCorpora extends FoundClips {
  /** Other files of the clips found: in a format that is worth less, or in another folder. */
  readonly copies: Clip[];
}

/**
 * Finds the recordings of every known corpus below one folder, wherever they lie in it.
 *
 * @returns every clip once, in its best format, in the order of the corpora and of their names; the
 * copies of these; and the files that are none
 * @throws the error of the file system when the folder cannot be read
 * @example
 * const { clips } = await findClips('/data');
 * const trained = clips.filter(({ actor }) => !CREMA_D_TEST_ACTORS.includes(actor));
 */
export async function findClips(folder: string): Promise<FoundCorpora> {
  const found = await findRecordings(folder, CORPORA);
  const clips: Clip[] = [];
  const copies: Clip[] = [];
  for (const clip of found.clips) {
    // Copies follow each other, the best first.
    const last = clips.at(-1);
    const isCopy = last?.corpus === clip.corpus && last.id === clip.id;
    (isCopy ? copies : clips).push(clip);
  }
  return { clips, copies, others: found.others };
}
