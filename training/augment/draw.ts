import type { Random } from '../random.ts';

/** The lowest and the highest value that may be drawn. */
export type Range = readonly [lowest: number, highest: number];

/** Returns a number drawn evenly from the range. */
export function between(random: Random, [lowest, highest]: Range): number {
  return lowest + (highest - lowest) * random.uniform();
}

/** Returns a number whose logarithm is drawn evenly: right for frequencies. */
export function logBetween(random: Random, [lowest, highest]: Range): number {
  return lowest * (highest / lowest) ** random.uniform();
}

/** Returns a seed for a generator of its own, so that a description can be plain JSON. */
export function drawSeed(random: Random): number {
  return random.integer(2 ** 31);
}
