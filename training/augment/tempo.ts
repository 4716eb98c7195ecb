import { Resampler } from '../../core/audio/resample.ts';

/** Factors are rounded to hundredths (17 cents of pitch): few filter phases have to be made. */
const STEPS = 100;

/** Slowest and fastest factor that is taken. */
export const TEMPO_LIMITS = [0.8, 1.25] as const;

/**
 * Returns the samples played faster (factor above 1: shorter and higher) or slower (below 1: longer
 * and lower), as a tape would be; ⌈length / factor⌉ samples. Tempo, pitch and formants move together
 * ("speed perturbation", Ko et al. 2015). Band-limited: what would pass 8 kHz is removed.
 *
 * @param factor 0.8 to 1.25, rounded to hundredths
 * @throws RangeError for any other factor.
 * @example
 * const brisk = changeTempoAndPitch(samples, 1.1);
 */
export function changeTempoAndPitch(samples: Float32Array, factor: number): Float32Array {
  const [slowest, fastest] = TEMPO_LIMITS;
  if (!(factor >= slowest && factor <= fastest)) {
    throw new RangeError(`a tempo factor of ${factor} is not between ${slowest} and ${fastest}`);
  }
  const resampler = new Resampler(Math.round(factor * STEPS), STEPS);
  const body = resampler.push(samples);
  const tail = resampler.end();
  const out = new Float32Array(body.length + tail.length);
  out.set(body);
  out.set(tail, body.length);
  return out;
}
