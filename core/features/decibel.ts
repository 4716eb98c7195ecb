/** Powers below this count as this, so that silence stays finite (librosa's `amin`). */
export const MIN_POWER = 1e-10;

/** Decibels to a natural logarithm of power, which V8 computes in half the time of a decimal one. */
const DECIBELS = 10 / Math.LN10;

/** Returns 10·log₁₀ of a power, floored at MIN_POWER. */
export function powerToDb(power: number): number {
  return DECIBELS * Math.log(Math.max(power, MIN_POWER));
}

/** Raises every value to at least `topDb` below the largest one, in place. */
export function clipToTopDb(decibels: Float32Array, topDb: number): void {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of decibels) if (value > max) max = value;
  for (let i = 0; i < decibels.length; i++) decibels[i] = Math.max(decibels[i], max - topDb);
}
