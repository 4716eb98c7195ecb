import type { Random } from '../../random.ts';

/** Returns each of `samples` with the given probability, in their order. */
export function drawSamples(samples: Int32Array, probability: number, random: Random): Int32Array {
  return probability === 1 ? samples : samples.filter(() => random.uniform() < probability);
}

/** Returns a share of `features` drawn at random (rounded down, at least one), in ascending order. */
export function drawFeatures(features: Int32Array, share: number, random: Random): Int32Array {
  if (share === 1) return features;
  const count = Math.max(1, Math.floor(share * features.length));
  return random.shuffle(features.slice()).slice(0, count).sort();
}
