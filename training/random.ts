import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A seeded stream of random numbers. The same seed and stream give the same numbers everywhere. */
export interface Random {
  /** Returns a number in [0, 1) with 32 random bits. */
  uniform(): number;
  /** Returns an integer in [0, bound). */
  integer(bound: number): number;
  /** Returns a draw from the standard normal distribution (Box–Muller). */
  normal(): number;
  /** Shuffles the array in place (Fisher–Yates) and returns it. */
  shuffle<T extends { length: number; [index: number]: number }>(array: T): T;
}

/**
 * Returns an independent generator for one (seed, stream) pair, so that tree 17 or fold 3 draws the
 * same numbers whichever worker grows it.
 *
 * @example
 * const random = createRandom(42, 17);
 * random.integer(6);
 */
export function createRandom(seed: number, stream = 0): Random {
  // Two rounds of an integer hash keep neighbouring seeds and streams apart.
  const generator = xoroshiro128plus(mix(mix(seed) ^ Math.imul(stream + 1, 0x9e3779b9)));
  const uniform = () => (generator.next() >>> 0) / 4294967296;
  const integer = (bound: number) => Math.floor(uniform() * bound);
  return {
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffle(array) {
      for (let i = array.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const swap = array[i];
        array[i] = array[j];
        array[j] = swap;
      }
      return array;
    },
  };
}

/** The 32-bit finaliser of MurmurHash3 (Appleby, public domain). */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * Returns a draw from the symmetric Beta(alpha, alpha) distribution, 0 < alpha, by Jöhnk's method
 * (1964), which is at its best for an alpha up to 1.
 */
export function sampleBeta(alpha: number, random: Random): number {
  for (;;) {
    const a = random.uniform() ** (1 / alpha);
    const b = random.uniform() ** (1 / alpha);
    if (a + b > 0 && a + b <= 1) return a / (a + b);
  }
}

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
