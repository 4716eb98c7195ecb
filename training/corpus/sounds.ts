import { basename, dirname } from 'node:path';
import { filesBelow, formatOf, nameOf } from './find.ts';

const EXTENSIONS = ['.wav', '.flac', '.ogg'];

/** fold-source-take, in ESC-50 with the class at the end (Piczak 2015, ACM Multimedia). */
const NAME = /^([1-5])-(\d+)-([A-Z])(?:-([0-4]?\d))?$/;

/** The classes of ESC-50 by number; those of ESC-10 are called as its own folders are. */
const CATEGORIES = [
  ...['dog-bark', 'rooster', 'pig', 'cow', 'frog', 'cat', 'hen', 'insects', 'sheep', 'crow'],
  ...['rain', 'sea-waves', 'fire-crackling', 'crickets', 'chirping-birds', 'water-drops', 'wind'],
  ...['pouring-water', 'toilet-flush', 'thunderstorm', 'baby-cry', 'person-sneeze', 'clapping'],
  ...['breathing', 'coughing', 'footsteps', 'laughing', 'brushing-teeth', 'snoring'],
  ...['drinking-sipping', 'door-wood-knock', 'mouse-click', 'keyboard-typing'],
  ...['door-wood-creaks', 'can-opening', 'washing-machine', 'vacuum-cleaner', 'clock-alarm'],
  ...['clock-tick', 'glass-breaking', 'helicopter', 'chainsaw', 'siren', 'car-horn', 'engine'],
  ...['train', 'church-bells', 'airplane', 'fireworks', 'hand-saw'],
] as const;

/** The ten classes of ESC-10: in none of them does anybody speak. */
export const ESC_10_CATEGORIES: readonly string[] = [
  ...['baby-cry', 'chainsaw', 'clock-tick', 'dog-bark', 'fire-crackling', 'helicopter'],
  ...['person-sneeze', 'rain', 'rooster', 'sea-waves'],
];

/** An everyday sound, CC BY or CC BY-NC: noise to mix in, and what is no speech. */
export interface Sound {
  readonly path: string;
  /** Its name without folders, ending and class: `1-187207-A`. */
  readonly id: string;
  /** In lower case with hyphens: `baby-cry`. */
  readonly category: string;
  /** 1 to 5. Sounds cut from one recording are in one fold. */
  readonly fold: number;
  /** Number of the recording that it was cut from. */
  readonly source: string;
}

/**
 * Finds the sounds of ESC-10 and ESC-50 below a folder: in folders named after their classes
 * (`baby-cry`, `001 - Dog bark`), or with the number of the class in their names (`audio`).
 *
 * @returns every sound once, in its best format, in the order of names; and the files that are none
 * @throws the error of the file system when the folder cannot be read
 * @example
 * const { sounds } = await findSounds('/data/esc-10');
 * const mixedIn = sounds.filter(({ fold }) => fold < 5);
 */
export async function findSounds(folder: string): Promise<{ sounds: Sound[]; others: string[] }> {
  const found: Sound[] = [];
  const others: string[] = [];
  for (const path of await filesBelow(folder)) {
    const sound = soundOf(path);
    if (sound) found.push(sound);
    else others.push(path);
  }
  const keyOf = ({ id, path }: Sound) => `${id} ${formatOf(path, EXTENSIONS)} ${path}`;
  found.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return { sounds: found.filter(({ id }, i) => found[i - 1]?.id !== id), others };
}

/** Reads a sound's description from its path; null when it is not one of ESC. */
export function soundOf(path: string): Sound | null {
  const name = nameOf(path, EXTENSIONS);
  const match = name === null ? null : NAME.exec(name);
  if (!match) return null;
  const [, fold, source, take, target] = match;
  const category =
    target === undefined ? categoryOfFolder(basename(dirname(path))) : CATEGORIES[Number(target)];
  return { path, id: `${fold}-${source}-${take}`, category, fold: Number(fold), source };
}

function categoryOfFolder(folder: string): string {
  return folder
    .replace(/^\d+ - /, '')
    .toLowerCase()
    .replace(/[\s_]+/g, '-');
}
