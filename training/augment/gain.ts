import { activeLevel, amplitudeRatio } from './level.ts';

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
