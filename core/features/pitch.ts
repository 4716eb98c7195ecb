import { RealFft } from './fft.ts';
import type { FrameAnalyzer } from './frames.ts';

/** Range of the fundamental frequency of speech in Hz, shouts included. */
const MIN_PITCH_HZ = 60;
const MAX_PITCH_HZ = 600;
/** The spectrum is cut off here: pitch lies below, and the transform is half as long. */
const BANDWIDTH_HZ = 4000;
/** What a halving of the frequency costs a candidate, against octave errors (Boersma 1993). */
const OCTAVE_COST = 0.01;

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
    const r = this.#correlation;
    this.#fft.autocorrelation(power.subarray(0, r.length), r);
    if (!(r[0] > 0)) return { hz: MIN_PITCH_HZ, periodicity: 0 };
    const compensation = this.#compensation;
    const scale = 1 / r[0];
    const normalised = (lag: number) => r[lag] * scale * compensation[lag];
    let best = Number.NEGATIVE_INFINITY;
    let bestLag = this.#maxLag;
    let before = normalised(this.#minLag - 1);
    let here = normalised(this.#minLag);
    for (let lag = this.#minLag; lag <= this.#maxLag; lag++) {
      const after = normalised(lag + 1);
      if (here > before && here >= after) {
        const score = here - OCTAVE_COST * Math.log2(lag);
        if (score > best) {
          best = score;
          bestLag = lag;
        }
      }
      before = here;
      here = after;
    }
    if (best === Number.NEGATIVE_INFINITY) return { hz: MIN_PITCH_HZ, periodicity: 0 };
    const offset = parabolicPeak(
      normalised(bestLag - 1),
      normalised(bestLag),
      normalised(bestLag + 1),
    );
    const periodicity = Math.min(1, Math.max(0, normalised(bestLag)));
    return { hz: this.#rate / (bestLag + offset), periodicity };
  }
}

/** Position of the top of the parabola through three neighbours, relative to the middle one. */
function parabolicPeak(left: number, middle: number, right: number): number {
  const curvature = left - 2 * middle + right;
  return curvature < 0 ? (0.5 * (left - right)) / curvature : 0;
}
