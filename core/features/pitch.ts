import { RealFft } from './fft.ts';
import type { FrameAnalyzer } from './frames.ts';

/** Range of the fundamental frequency of speech in Hz, shouts included. */
const MIN_PITCH_HZ = 60;
const MAX_PITCH_HZ = 600;
/** The spectrum is cut off here: pitch lies below, and the transform is half as long. */
const BANDWIDTH_HZ = 4000;
/**
 * What a halving of the frequency costs a candidate, against octave errors (Boersma 1993). Two or three
 * periods repeat as well as one: with less than this, noise decides.
 */
const OCTAVE_COST = 0.02;
/** Samples on either side that a value between two is computed from: fewer than the shortest lag. */
const SINC_DEPTH = 8;
/** The Hann window over them, and the signs of the sine, by their distance from the sample in the middle. */
const TAPS = Array.from({ length: 2 * SINC_DEPTH + 1 }, (_, i) => i - SINC_DEPTH);
const SIGN = Float64Array.from(TAPS, (k) => (k % 2 === 0 ? 1 : -1));
const COS = Float64Array.from(TAPS, (k) => Math.cos((Math.PI * k) / (SINC_DEPTH + 1)));
const SIN = Float64Array.from(TAPS, (k) => Math.sin((Math.PI * k) / (SINC_DEPTH + 1)));
/** What interpolation adds to a maximum at most, at four samples to a period. */
const LARGEST_GAP = 0.3;
/** Nearer to a sample than this, its own value is exact enough (samples). */
const LEAST_OFFSET = 1e-6;

export interface Pitch {
  /** Fundamental frequency in Hz of the best candidate, also where the frame is not voiced. */
  readonly hz: number;
  /** Share of the frame's power that is periodic, from 0 to 1: the height of that candidate. */
  readonly periodicity: number;
}

/**
 * Pitch of one frame from the autocorrelation that its power spectrum already holds, divided by the
 * window's own (Boersma 1993, "Accurate short-term analysis of the fundamental frequency").
 *
 * @example
 * const tracker = new PitchTracker(analyzer, 16000);
 * tracker.track(power); // { hz: 212.4, periodicity: 0.93 }
 */
export class PitchTracker {
  readonly #fft: RealFft;
  readonly #rate: number;
  /** What divides the window's own correlation out, per lag. */
  readonly #compensation: Float64Array;
  readonly #correlation: Float64Array;
  readonly #minLag: number;
  readonly #maxLag: number;

  constructor({ framing, window, fft }: FrameAnalyzer, sampleRate: number) {
    const decimation = Math.max(1, 2 ** Math.floor(Math.log2(sampleRate / 2 / BANDWIDTH_HZ)));
    this.#fft = new RealFft(framing.nFft / decimation);
    this.#rate = sampleRate / decimation;
    this.#minLag = Math.floor(this.#rate / MAX_PITCH_HZ);
    this.#maxLag = Math.ceil(this.#rate / MIN_PITCH_HZ);
    const power = new Float64Array(framing.nFft / 2 + 1);
    const bins = framing.nFft / decimation / 2 + 1;
    const correlation = new Float64Array(bins);
    fft.powerSpectrum(window, power);
    this.#fft.autocorrelation(power.subarray(0, bins), correlation);
    this.#compensation = correlation.map((r) => correlation[0] / r);
    this.#correlation = new Float64Array(bins);
  }

  /** @param power power spectrum of the frame, from 0 Hz to half the sample rate */
  track(power: Float64Array): Pitch {
    const correlation = this.#correlation;
    this.#fft.autocorrelation(power.subarray(0, correlation.length), correlation);
    if (!(correlation[0] > 0)) return { hz: MIN_PITCH_HZ, periodicity: 0 };
    const scale = 1 / correlation[0];
    for (let lag = 0; lag <= this.#maxLag + SINC_DEPTH; lag++) {
      correlation[lag] *= scale * this.#compensation[lag];
    }
    let best: Peak = { lag: this.#maxLag, height: Number.NEGATIVE_INFINITY };
    let bestScore = Number.NEGATIVE_INFINITY;
    let before = correlation[this.#minLag - 1];
    let here = correlation[this.#minLag];
    for (let lag = this.#minLag; lag <= this.#maxLag; lag++) {
      const after = correlation[lag + 1];
      if (here > before && here >= after) {
        const cost = OCTAVE_COST * Math.log2(lag);
        // What is far behind between the samples too is not worth the interpolation.
        if (here - cost > bestScore - LARGEST_GAP) {
          const peak = interpolatedPeak(correlation, lag);
          if (peak.height - cost > bestScore) {
            bestScore = peak.height - cost;
            best = peak;
          }
        }
      }
      before = here;
      here = after;
    }
    if (bestScore === Number.NEGATIVE_INFINITY) return { hz: MIN_PITCH_HZ, periodicity: 0 };
    const periodicity = Math.min(1, Math.max(0, best.height));
    return { hz: this.#rate / best.lag, periodicity };
  }
}

/** A maximum of the correlation between samples. */
interface Peak {
  /** In samples. */
  readonly lag: number;
  readonly height: number;
}

/**
 * Returns the maximum next to a sample that is larger than its neighbours: its place by the parabola through
 * the three, its height by sinc interpolation (Boersma 1993). A period that is half a sample more than a
 * whole number would look worse than twice that period.
 */
function interpolatedPeak(values: Float64Array, lag: number): Peak {
  const [left, middle, right] = [values[lag - 1], values[lag], values[lag + 1]];
  const curvature = left - 2 * middle + right;
  const offset = curvature < 0 ? (0.5 * (left - right)) / curvature : 0;
  if (Math.abs(offset) < LEAST_OFFSET) return { lag, height: middle };
  const angle = (Math.PI * offset) / (SINC_DEPTH + 1);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  let height = 0;
  for (let i = 0; i < SIGN.length; i++) {
    // The cosine and the sine of a distance are made of those of its two parts.
    const window = 0.5 + 0.5 * (cos * COS[i] + sin * SIN[i]);
    height += (values[lag - SINC_DEPTH + i] * SIGN[i] * window) / (offset + SINC_DEPTH - i);
  }
  return { lag: lag + offset, height: (height * Math.sin(Math.PI * offset)) / Math.PI };
}
