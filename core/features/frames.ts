import { RealFft } from './fft.ts';

/** Size and spacing of analysis frames, in samples. */
export interface Framing {
  readonly nFft: number;
  /** Length of the window, centred in the frame; nFft when left out. */
  readonly winLength?: number;
  readonly hopLength: number;
}

/** Number of frames of a signal: one at every multiple of the hop, the first centred on sample 0. */
export function frameCount(length: number, hopLength: number): number {
  return 1 + Math.floor(length / hopLength);
}

/** Periodic Hann window of `winLength` samples, zero-padded on both sides to `nFft`. */
export function hannWindow(winLength: number, nFft: number): Float64Array {
  const window = new Float64Array(nFft);
  const left = Math.floor((nFft - winLength) / 2);
  for (let n = 0; n < winLength; n++) {
    window[left + n] = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / winLength);
  }
  return window;
}

/**
 * Short-time power spectra, frame by frame: the one transform that every spectral feature shares.
 * Frames are centred (as `librosa.stft(center=True, pad_mode='constant')`).
 *
 * @example
 * const frames = new FrameAnalyzer({ nFft: 1024, hopLength: 256 });
 * const power = frames.power(samples, 7); // 513 values, valid until the next call
 */
export class FrameAnalyzer {
  readonly framing: Framing;
  /** Number of frequency bins: nFft / 2 + 1. */
  readonly bins: number;
  readonly fft: RealFft;
  readonly window: Float64Array;
  readonly #frame: Float64Array;
  readonly #power: Float64Array;

  constructor(framing: Framing) {
    const { nFft, winLength = nFft } = framing;
    this.framing = framing;
    this.bins = nFft / 2 + 1;
    this.fft = new RealFft(nFft);
    this.window = hannWindow(winLength, nFft);
    this.#frame = new Float64Array(nFft);
    this.#power = new Float64Array(this.bins);
  }

  /** Returns |STFT|² of frame `index`; the array is reused by the next call. */
  power(samples: Float32Array, index: number): Float64Array {
    const { nFft, hopLength } = this.framing;
    const start = index * hopLength - nFft / 2;
    const from = Math.max(0, -start);
    const to = Math.min(nFft, samples.length - start);
    this.#frame.fill(0);
    for (let n = from; n < to; n++) this.#frame[n] = samples[start + n] * this.window[n];
    this.fft.powerSpectrum(this.#frame, this.#power);
    return this.#power;
  }
}
