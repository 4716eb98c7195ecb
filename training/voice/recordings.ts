import { UndertoneError } from '../../core/errors.ts';
import type { Clip } from '../corpus/clip.ts';
import { findClips } from '../corpus/corpora.ts';
import { CREMA_D_TEST_ACTORS } from '../corpus/crema-d.ts';
import { ESC_10_CATEGORIES, findSounds, type Sound } from '../corpus/sounds.ts';
import { RAVDESS_TEST_ACTORS } from '../split.ts';

/** One recording that the voice detector learns from or is tested on. */
export interface Recording {
  readonly path: string;
  /** What the figures are told for: the source of a voice, the category of a sound. */
  readonly group: string;
  readonly isVoice: boolean;
  /** The fold that tests it, from 0; null for what is never trained on. */
  readonly fold: number | null;
}

export const FOLDS = 5;

/** Of the CREMA-D actors that are trained on, one clip in so many is used: more adds little. */
const CREMA_D_STEP = 4;
/** A clip of CREMA-D that holds silence. */
const SILENT_CLIP = '1076_MTI_SAD_XX';

/**
 * Finds the recordings of RAVDESS, CREMA-D and ESC-10 below `folder`, each with the fold that tests
 * it: no speaker and no source of a sound is in two.
 *
 * @throws UndertoneError `not-found` when a corpus or a fold of ESC-10 is missing
 */
export async function findVoicesAndSounds(folder: string): Promise<Recording[]> {
  const unreadable = (cause: unknown) => {
    throw new UndertoneError('not-found', `The folder ${folder} cannot be read.`, { cause });
  };
  const { clips } = await findClips(folder).catch(unreadable);
  const { sounds } = await findSounds(folder).catch(unreadable);
  const found = [
    clips.filter(({ corpus }) => corpus === 'ravdess').map(ravdess),
    clips.filter(({ corpus }) => corpus === 'crema-d').flatMap((clip, i) => cremaD(clip, i) ?? []),
    sounds
      .filter(({ category }) => ESC_10_CATEGORIES.includes(category))
      .map(esc10)
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  ];
  const missing = ['RAVDESS', 'CREMA-D'].filter((_, i) => found[i].length === 0);
  for (let fold = 0; fold < FOLDS; fold++) {
    if (!found[2].some((sound) => sound.fold === fold)) missing.push(`ESC-10, fold ${fold + 1}`);
  }
  if (missing.length > 0) {
    throw new UndertoneError(
      'not-found',
      `Below ${folder} there is nothing of ${missing.join(', ')}. Needed are RAVDESS, CREMA-D and the five folds of ESC-10, with a folder for each of its categories.`,
    );
  }
  return found.flat();
}

function ravdess({ path, channel, actor }: Clip): Recording {
  return {
    ...{ path, group: `RAVDESS ${channel}`, isVoice: true },
    fold: RAVDESS_TEST_ACTORS.findIndex((actors) => actors.includes(actor)),
  };
}

function cremaD({ path, id, actor }: Clip, i: number): Recording | null {
  if (id === SILENT_CLIP) return null;
  if (CREMA_D_TEST_ACTORS.includes(actor)) {
    return { path, group: 'CREMA-D, never trained on', isVoice: true, fold: null };
  }
  if (i % CREMA_D_STEP !== 0) return null;
  return { path, group: 'CREMA-D', isVoice: true, fold: actor % FOLDS };
}

function esc10({ path, category, fold }: Sound): Recording {
  return { path, group: category, isVoice: false, fold: fold - 1 };
}
