import { SAMPLE_RATE } from '../../core/audio/mono-sink.ts';
import { between, logBetween, type Random } from '../random.ts';
import { applyFir, designFir } from './convolution.ts';
import { amplitudeRatio } from './level.ts';

const TAPS = 129;
/** The tilt turns round this frequency, near the middle of what speech needs. */
const PIVOT_HERTZ = 1_000;
/** Where a tilt stops, so that it does not grow without end towards 0 Hz. */
const LOWEST_HERTZ = 60;
/** Ranges that cover phones, laptops and headsets of all prices. */
const TILT_DB_PER_DECADE = [-6, 6] as const;
const HIGH_PASS_HERTZ = [20, 250] as const;
const LOW_PASS_HERTZ = [3_500, 12_000] as const;
const PEAK_HERTZ = [400, 5_000] as const;
const PEAK_DB = [-4, 4] as const;
const PEAK_OCTAVES = 0.7;

/** The frequency response of a microphone in five numbers: plain JSON. */
export interface Microphone {
  readonly tiltDbPerDecade: number;
  /** Half power of a second-order high-pass and low-pass. */
  readonly highPassHertz: number;
  readonly lowPassHertz: number;
  /** A broad resonance or dip. */
  readonly peakHertz: number;
  readonly peakDb: number;
}

/** Returns a random smooth frequency response. */
export function drawMicrophone(random: Random): Microphone {
  return {
    tiltDbPerDecade: between(random, TILT_DB_PER_DECADE),
    highPassHertz: logBetween(random, HIGH_PASS_HERTZ),
    lowPassHertz: logBetween(random, LOW_PASS_HERTZ),
    peakHertz: logBetween(random, PEAK_HERTZ),
    peakDb: between(random, PEAK_DB),
  };
}

/** Returns the response of the microphone in dB at a frequency in Hz. */
export function responseDb(microphone: Microphone, hertz: number): number {
  const f = Math.max(hertz, LOWEST_HERTZ);
  const octaves = Math.log2(f / microphone.peakHertz);
  return (
    microphone.tiltDbPerDecade * Math.log10(f / PIVOT_HERTZ) +
    microphone.peakDb * Math.exp(-((octaves / PEAK_OCTAVES) ** 2) / 2) -
    10 * Math.log10(1 + (microphone.highPassHertz / Math.max(hertz, 1)) ** 4) -
    10 * Math.log10(1 + (hertz / microphone.lowPassHertz) ** 4)
  );
}

/**
 * Returns the samples as this microphone hears them, of the same length and in time (a linear-phase
 * filter, so below about 200 Hz the response is smoothed).
 *
 * @param samples mono at 16 kHz
 * @example
 * const heard = applyMicrophone(samples, drawMicrophone(random));
 */
export function applyMicrophone(samples: Float32Array, microphone: Microphone): Float32Array {
  const magnitude = (hertz: number) => amplitudeRatio(responseDb(microphone, hertz));
  return applyFir(samples, designFir(magnitude, TAPS, SAMPLE_RATE));
}
