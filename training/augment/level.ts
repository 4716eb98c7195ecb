import { findActivity } from '../../core/audio/speech.ts';

/**
 * Returns the root mean square of the active frames, where full scale is 1, measured as in
 * serving; null when nothing is heard.
 *
 * @param samples mono at 16 kHz
 */
export function activeLevel(samples: Float32Array): number | null {
  return findActivity(centre(samples))?.level ?? null;
}

/** Returns the samples without their mean. Plain loops: three times as fast as a mapping. */
export function centre(samples: Float32Array): Float32Array {
  const centred = new Float32Array(samples.length);
  let sum = 0;
  for (let n = 0; n < samples.length; n++) sum += samples[n];
  const mean = sum / samples.length;
  for (let n = 0; n < samples.length; n++) centred[n] = samples[n] - mean;
  return centred;
}

/** Returns the samples times a factor. */
export function scale(samples: Float32Array, factor: number): Float32Array {
  const scaled = new Float32Array(samples.length);
  for (let n = 0; n < samples.length; n++) scaled[n] = factor * samples[n];
  return scaled;
}

/** Returns the root mean square of all samples; 0 for none. */
export function rootMeanSquare(samples: Float32Array): number {
  let sum = 0;
  for (let n = 0; n < samples.length; n++) sum += samples[n] * samples[n];
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}

/** Returns the factor of amplitude for a change in decibels. */
export function amplitudeRatio(decibels: number): number {
  return 10 ** (decibels / 20);
}

/** 16-bit samples run from −32768 to 32767. */
const FULL_SCALE = 32_768;

/**
 * Returns the samples amplified as a recorder does it: clipped at full scale and rounded to 16 bits,
 * so that very quiet speech drowns in the rounding and very loud speech in the clipping.
 *
 * @example
 * const faint = amplify(samples, -40);
 */
export function amplify(samples: Float32Array, decibels: number): Float32Array {
  const factor = amplitudeRatio(decibels) * FULL_SCALE;
  const out = new Float32Array(samples.length);
  for (let n = 0; n < samples.length; n++) {
    const rounded = Math.round(samples[n] * factor);
    out[n] = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, rounded)) / FULL_SCALE;
  }
  return out;
}

/**
 * Returns the samples amplified so that active speech has this level, in dB below full scale (its
 * root mean square; before clipping, which takes some away from loud speech). Silence only gets
 * rounded to 16 bits.
 *
 * @param samples mono at 16 kHz
 * @example
 * const distant = setLevel(samples, -50);
 */
export function setLevel(samples: Float32Array, dbfs: number): Float32Array {
  const level = activeLevel(samples);
  return amplify(samples, level ? dbfs - 20 * Math.log10(level) : 0);
}
