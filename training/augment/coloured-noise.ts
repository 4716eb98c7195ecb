import { SAMPLE_RATE } from '../../core/audio/mono-sink.ts';
import type { Random } from '../random.ts';
import { rootMeanSquare, scale } from './level.ts';

/** Root mean square of generated noise, where full scale is 1. */
const LEVEL = 0.1;

/**
 * A first-order section falls by 20 dB a decade from its pole to its zero and is level elsewhere;
 * with poles every factor of 4 and zeros half way (a factor of 2 on), a row of them falls by 10.
 */
const POLES_HERTZ = [10, 40, 160, 640, 2560] as const;
const POLE_TO_ZERO = 2;
/** Samples after which the slowest pole has forgotten its start. */
const SETTLING = 2_000;

/** Returns normally distributed noise of equal power at all frequencies, RMS 0.1. */
export function whiteNoise(length: number, random: Random): Float32Array {
  const noise = new Float32Array(length);
  for (let n = 0; n < length; n++) noise[n] = LEVEL * random.normal();
  return noise;
}

/**
 * Returns noise that falls by 3 dB an octave from 20 Hz to 8 kHz, RMS 0.1, at 16 kHz.
 *
 * @example
 * const hum = mixNoise(samples, pinkNoise(samples.length, random), 20, random);
 */
export function pinkNoise(length: number, random: Random): Float32Array {
  const values = whiteNoise(length + SETTLING, random);
  for (const hertz of POLES_HERTZ) {
    const pole = Math.exp((-2 * Math.PI * hertz) / SAMPLE_RATE);
    const zero = Math.exp((-2 * Math.PI * hertz * POLE_TO_ZERO) / SAMPLE_RATE);
    let input = 0;
    let output = 0;
    for (let n = 0; n < values.length; n++) {
      output = values[n] - zero * input + pole * output;
      input = values[n];
      values[n] = output;
    }
  }
  const settled = values.subarray(SETTLING);
  return scale(settled, LEVEL / rootMeanSquare(settled));
}
