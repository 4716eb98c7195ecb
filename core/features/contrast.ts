import { powerToDb } from './decibel.ts';

/** Lowest band edge in Hz; the edges above it follow in octaves (librosa's default). */
const FIRST_EDGE_HZ = 200;
/** Octave bands above the first; with the band below 200 Hz there is one more. */
const OCTAVES = 6;
export const CONTRAST_BANDS = OCTAVES + 1;
/** Share of a band's bins that make its peak and its valley. */
const QUANTILE = 0.02;

interface Band {
  /** First bin and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** How many of the largest and of the smallest bins are averaged. */
  readonly extremes: number;
}

/**
 * Spectral contrast: the level of the peaks over the valleys in each octave band
 * (Jiang et al. 2002; `librosa.feature.spectral_contrast`), from magnitudes.
 *
 * @example
 * const contrast = new SpectralContrast({ sampleRate: 16000, nFft: 1024 });
 * contrast.compute(magnitude, peaks, valleys); // 7 values each, in dB
 */
export class SpectralContrast {
  readonly #bands: readonly Band[];
  readonly #scratch: Float64Array;

  constructor({ sampleRate, nFft }: { sampleRate: number; nFft: number }) {
    this.#bands = contrastBands(sampleRate, nFft);
    this.#scratch = new Float64Array(Math.max(...this.#bands.map((band) => band.extremes)));
  }

  /** Writes the peaks and valleys of one frame in dB, each from `offset` on. */
  compute(
    magnitude: Float64Array,
    peaks: Float64Array | Float32Array,
    valleys: Float64Array | Float32Array,
    offset = 0,
  ): void {
    this.#bands.forEach((band, b) => {
      peaks[offset + b] = powerToDb(this.#meanOfExtremes(magnitude, band, -1));
      valleys[offset + b] = powerToDb(this.#meanOfExtremes(magnitude, band, 1));
    });
  }

  /** Mean of the smallest values (sign 1) or the largest (sign −1) of a band. */
  #meanOfExtremes(magnitude: Float64Array, { from, to, extremes }: Band, sign: 1 | -1): number {
    // A handful of extremes out of hundreds of bins: insertion into a short list beats sorting.
    const best = this.#scratch;
    let count = 0;
    let last = Number.POSITIVE_INFINITY;
    for (let bin = from; bin < to; bin++) {
      const value = sign * magnitude[bin];
      if (value >= last) continue;
      if (count < extremes) count++;
      let i = count - 1;
      for (; i > 0 && best[i - 1] > value; i--) best[i] = best[i - 1];
      best[i] = value;
      if (count === extremes) last = best[count - 1];
    }
    let sum = 0;
    for (let i = 0; i < count; i++) sum += best[i];
    return (sign * sum) / count;
  }
}

function contrastBands(sampleRate: number, nFft: number): Band[] {
  const bins = nFft / 2 + 1;
  const hz = (bin: number) => (bin * sampleRate) / nFft;
  const edges = [0, ...Array.from({ length: OCTAVES + 1 }, (_, i) => FIRST_EDGE_HZ * 2 ** i)];
  if (edges[OCTAVES] >= sampleRate / 2) {
    throw new RangeError(
      `spectral contrast needs more than ${2 * edges[OCTAVES]} samples a second`,
    );
  }
  return Array.from({ length: CONTRAST_BANDS }, (_, band) => {
    const isLast = band === OCTAVES;
    let from = Math.ceil((edges[band] * nFft) / sampleRate);
    // Each band but the first also takes the bin before its edge …
    if (band > 0) from--;
    let to = from;
    while (to < bins && (isLast || hz(to) <= edges[band + 1])) to++;
    const extremes = Math.max(1, roundHalfToEven(QUANTILE * (to - from)));
    // … and each but the last gives its last bin away, after it was counted.
    return { from, to: isLast ? to : to - 1, extremes };
  });
}

function roundHalfToEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
