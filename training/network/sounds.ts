import { SYNTHETIC_SOUNDS, syntheticSound } from '../augment/synthesis.ts';

/** Length of a made sound in seconds. */
const SECONDS = 4;
const SCHEME = 'made:';
/** How many kinds can be synthesised. */
export const SOUND_KINDS = Object.keys(SYNTHETIC_SOUNDS).length;

/** Returns what stands for the path of `count` sounds of every kind that can be synthesised. */
export function madeSounds(count: number): { path: string; id: string; category: string }[] {
  return Object.keys(SYNTHETIC_SOUNDS).flatMap((category) =>
    Array.from({ length: count }, (_, i) => {
      const path = `${SCHEME}${category}:${i}`;
      return { path, id: path, category };
    }),
  );
}

export function isMade(path: string): boolean {
  return path.startsWith(SCHEME);
}

/** Returns the samples of a made sound, mono at 16 kHz. */
export function madeSound(path: string): Float32Array {
  const [, category, number] = path.split(':');
  const kind = Object.keys(SYNTHETIC_SOUNDS).indexOf(category);
  return syntheticSound(category, SECONDS, 1000 * (kind + 1) + Number(number));
}
