import { SAMPLE_RATE } from '../../core/audio/mono-sink.ts';
import { applyFir, designFir } from './convolution.ts';

/** Half amplitude in Hz at both ends of the band. */
const BAND = [300, 3_400] as const;
/** Between the band and its image at 8 kHz sampling, which begins at 8000 − 3400 Hz. */
const RECONSTRUCTION_HERTZ = 4_000;
/** Steep enough to be 40 dB down at 150 Hz and from 3.6 kHz on, before every second sample goes. */
const TAPS = 401;
/** 16 kHz to the 8 kHz of the line. */
const DECIMATION = 2;

/** Full scale of G.711's µ-law in 16-bit steps, and the offset that makes its segments double. */
const CLIP = 32_635;
const BIAS = 132;

const bandPass = designFir(
  (hertz) => (hertz >= BAND[0] && hertz <= BAND[1] ? 1 : 0),
  TAPS,
  SAMPLE_RATE,
);
/** Half of the energy went with the dropped samples: the factor brings the level back. */
const reconstruction = designFir(
  (hertz) => (hertz <= RECONSTRUCTION_HERTZ ? DECIMATION : 0),
  TAPS,
  SAMPLE_RATE,
);

/**
 * Returns the samples as a narrow-band telephone line gives them back: 300 to 3400 Hz at 8 kHz
 * through 8-bit µ-law (ITU-T G.711), back at 16 kHz, of the same length and in time.
 *
 * @param samples mono at 16 kHz
 * @example
 * const onThePhone = telephone(samples);
 */
export function telephone(samples: Float32Array): Float32Array {
  const narrow = applyFir(samples, bandPass);
  const line = new Float32Array(samples.length);
  for (let n = 0; n < line.length; n += DECIMATION) {
    line[n] = muLawRoundTrip(Math.round(narrow[n] * 32_768)) / 32_768;
  }
  return applyFir(line, reconstruction);
}

/**
 * Returns the 16-bit value that G.711's µ-law gives back for one: the middle of its step, where
 * each of eight segments has sixteen steps twice as wide as those of the segment below.
 */
export function muLawRoundTrip(value: number): number {
  const magnitude = Math.min(Math.abs(value), CLIP) + BIAS;
  // 2 to the power of the segment plus 3; Math.clz32 is exact where a logarithm is not.
  const step = 2 ** (31 - Math.clz32(magnitude) - 4);
  const decoded = Math.floor(magnitude / step) * step + step / 2 - BIAS;
  return value < 0 ? -decoded : decoded;
}
