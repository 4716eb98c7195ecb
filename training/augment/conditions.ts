import { createRandom, drawSeed } from '../random.ts';
import { applyChain, type Chain, type ChainResources, CLEAN } from './chain.ts';
import { opusRoundTrip } from './opus.ts';
import { SMALL_ROOM } from './room.ts';

/** One row of the robustness table: a chain for the clip of this index, or a bit rate of Opus. */
export type Condition =
  | { readonly chain: (index: number, resources: ChainResources) => Chain }
  | { readonly opusKilobitsPerSecond: number };

/** Seed of the noises that the clips meet. Raise it and figures can no longer be compared. */
const NOISE_SEED = 1;

/** The fixed conditions of the robustness table, by name. */
export const CONDITIONS = {
  clean: { chain: () => CLEAN },
  'noise-10-db': { chain: noiseAt(10) },
  'small-room': { chain: () => ({ ...CLEAN, room: SMALL_ROOM }) },
  telephone: { chain: () => ({ ...CLEAN, telephone: true }) },
  'gain-minus-40-db': { chain: () => ({ ...CLEAN, gain: { decibels: -40 } }) },
  'gain-plus-20-db': { chain: () => ({ ...CLEAN, gain: { decibels: 20 } }) },
  'opus-16': { opusKilobitsPerSecond: 16 },
} as const satisfies Record<string, Condition>;

export type ConditionName = keyof typeof CONDITIONS;

/**
 * Returns the clips under one of the fixed conditions, each of the length it had. A clip's noise
 * depends on its index only: give the clips in one order and figures can be compared.
 *
 * @param clips mono at 16 kHz
 * @param resources noises that training has not heard
 * @param firstIndex index of the first clip, where the clips come in parts
 * @throws RangeError when a noise condition gets no noises; UndertoneError `decoder-missing` when
 * Opus finds no ffmpeg.
 * @example
 * const noisy = await applyCondition('noise-10-db', clips, { noises });
 */
export async function applyCondition(
  name: ConditionName,
  clips: readonly Float32Array[],
  resources: ChainResources,
  firstIndex = 0,
): Promise<Float32Array[]> {
  const condition: Condition = CONDITIONS[name];
  if ('opusKilobitsPerSecond' in condition) {
    return opusRoundTrip(clips, condition.opusKilobitsPerSecond);
  }
  return clips.map((clip, i) =>
    applyChain(clip, condition.chain(firstIndex + i, resources), resources),
  );
}

function noiseAt(snrDb: number) {
  return (index: number, { noises }: ChainResources): Chain => {
    if (noises.length === 0) throw new RangeError('a noise condition needs noises');
    const random = createRandom(NOISE_SEED, index);
    const source = random.integer(noises.length);
    return { ...CLEAN, noise: { source, snrDb, seed: drawSeed(random) } };
  };
}
