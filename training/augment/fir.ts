import { convolve } from './convolution.ts';

/** Points of the circle on which a magnitude response is sampled. */
const GRID = 512;
const COSINES = Float64Array.from({ length: GRID }, (_, n) => Math.cos((2 * Math.PI * n) / GRID));

/**
 * Returns the taps of a linear-phase filter with about this magnitude response (frequency sampling
 * and a Hamming window; Oppenheim and Schafer). Features narrower than 3.3 · rate / taps are smoothed.
 *
 * @param magnitude factor of amplitude at a frequency in Hz, from 0 to half the sample rate
 * @param taps an odd number below 512
 */
export function designFir(
  magnitude: (hertz: number) => number,
  taps: number,
  sampleRate: number,
): Float64Array {
  const samples = Float64Array.from({ length: GRID / 2 + 1 }, (_, m) =>
    magnitude((m * sampleRate) / GRID),
  );
  const half = (taps - 1) / 2;
  const filter = new Float64Array(taps);
  for (let k = 0; k <= half; k++) {
    let sum = samples[0] + (k % 2 === 0 ? 1 : -1) * samples[GRID / 2];
    for (let m = 1; m < GRID / 2; m++) sum += 2 * samples[m] * COSINES[(m * k) % GRID];
    const window = 0.54 + 0.46 * Math.cos((Math.PI * k) / (half + 1));
    filter[half - k] = filter[half + k] = (sum / GRID) * window;
  }
  return filter;
}

/** Returns the filtered samples, as many as there were, without the filter's delay. */
export function applyFir(samples: Float32Array, filter: Float64Array): Float32Array {
  const half = (filter.length - 1) / 2;
  const padded = new Float32Array(samples.length + half);
  padded.set(samples);
  return convolve(padded, filter).subarray(half);
}
