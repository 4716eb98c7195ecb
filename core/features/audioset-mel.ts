import { AUDIOSET_MEL } from './config.ts';
import { RealFft } from './fft.ts';

/** The pre-emphasis y[n] = x[n] − 0.97 x[n − 1], at the rate that the network was trained at. */
const PRE_EMPHASIS = 0.97;
const TRAINED_RATE = 32_000;
/** A transform of half the length at half the rate gives a quarter of the power. */
const POWER_SCALE = (TRAINED_RATE / AUDIOSET_MEL.sampleRate) ** 2;

const hzToMel = (hz: number) => 1127 * Math.log(1 + hz / 700);
const melToHz = (mel: number) => 700 * (Math.exp(mel / 1127) - 1);
/** How far the centres of bands are apart, in mel. */
const STEP = hzToMel(AUDIOSET_MEL.fmax) / (AUDIOSET_MEL.totalBands + 1);

/**
 * Returns where the bands of the spectrogram lie, and what the power there is multiplied by beside the
 * weights of a band, which add up to 1 at every frequency.
 *
 * @example
 * const [lowest] = audiosetBands(); // { hz: 17.1, gain: 0.0036 }
 */
export function audiosetBands(): { readonly hz: number; readonly gain: number }[] {
  return Array.from({ length: AUDIOSET_MEL.bands }, (_, band) => {
    const hz = melToHz((band + 1) * STEP);
    return { hz, gain: gainAt(hz) };
  });
}

/**
 * Computes the spectrogram that `AUDIOSET_MEL` describes. Where a frame reaches over an end of the signal, the
 * signal is reflected there.
 *
 * @example
 * const mel = new AudiosetMel();
 * const frames = mel.extract(samples, { from: 0, to: 101 }); // 101 × 104 values, about −1.4 to 2
 */
export class AudiosetMel {
  readonly bands: number;
  readonly #fft = new RealFft(AUDIOSET_MEL.nFft);
  readonly #window: Float64Array;
  readonly #frame = new Float64Array(AUDIOSET_MEL.nFft);
  readonly #power = new Float64Array(AUDIOSET_MEL.nFft / 2 + 1);
  /** The weights of all bands, one after another, with pre-emphasis and scale folded in. */
  readonly #weights: Float64Array;
  /** First bin of each band, and where its weights begin. */
  readonly #first: Int32Array;
  readonly #at: Int32Array;

  /** @param bands how many of the bands are computed, the lowest first */
  constructor(bands: number = AUDIOSET_MEL.bands) {
    const { nFft, winLength, sampleRate } = AUDIOSET_MEL;
    this.bands = bands;
    // Symmetric, unlike that of core/features/frames.ts: so it was trained.
    this.#window = Float64Array.from(
      { length: winLength },
      (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / (winLength - 1)),
    );
    // The transform that it was trained on has no band above its own bin 256.
    const bins = Array.from({ length: nFft / 2 + 1 }, (_, bin) => {
      const hz = (bin * sampleRate) / nFft;
      return { mel: hzToMel(hz), scale: gainAt(hz) };
    });
    this.#first = new Int32Array(bands);
    const weights = Array.from({ length: bands }, (_, band) => {
      const centre = (band + 1) * STEP;
      const isInside = ({ mel }: { readonly mel: number }) => Math.abs(mel - centre) < STEP;
      this.#first[band] = Math.max(0, bins.findIndex(isInside));
      const inside = bins.filter(isInside);
      return inside.map(({ mel, scale }) => (1 - Math.abs(mel - centre) / STEP) * scale);
    });
    this.#weights = Float64Array.from(weights.flat());
    this.#at = new Int32Array(bands + 1);
    for (const [band, { length }] of weights.entries())
      this.#at[band + 1] = this.#at[band] + length;
  }

  /**
   * Returns the frames from index `from` up to but not including `to`, frames × bands in row-major
   * order; frame t is centred on sample t · 160.
   *
   * @param gain multiplies the samples first
   * @param noiseVariance of white noise that is added to every power spectrum: a soft floor that
   * hides the noise of quantisation and codecs
   */
  extract(
    samples: Float32Array,
    {
      from,
      to,
      gain = 1,
      noiseVariance = 0,
    }: {
      readonly from: number;
      readonly to: number;
      readonly gain?: number;
      readonly noiseVariance?: number;
    },
  ): Float32Array {
    const { bands } = this;
    const out = new Float32Array((to - from) * bands);
    const energy = this.#window.reduce((sum, w) => sum + w * w, 0);
    const floors = this.#floors(noiseVariance * energy);
    for (let t = from; t < to; t++) {
      this.#load(samples, t);
      this.#fft.powerSpectrum(this.#frame, this.#power);
      this.#apply(gain ** 2, floors, out, (t - from) * bands);
    }
    return out;
  }

  /** Writes the windowed frame into the middle of #frame; both sides of it stay zero. */
  #load(samples: Float32Array, index: number): void {
    const { nFft, winLength, hopLength } = AUDIOSET_MEL;
    const { length } = samples;
    const frame = this.#frame;
    const window = this.#window;
    const left = (nFft - winLength) / 2;
    const start = index * hopLength - winLength / 2;
    if (start >= 0 && start + winLength <= length) {
      for (let n = 0; n < winLength; n++) frame[left + n] = samples[start + n] * window[n];
    } else {
      for (let n = 0; n < winLength; n++) {
        frame[left + n] = samples[reflect(start + n, length)] * window[n];
      }
    }
  }

  /** Returns the least that each band comes to, with so much power in every bin. */
  #floors(power: number): Float64Array {
    return Float64Array.from({ length: this.bands }, (_, band) => {
      const weights = this.#weights.subarray(this.#at[band], this.#at[band + 1]);
      return AUDIOSET_MEL.offset + power * weights.reduce((sum, weight) => sum + weight, 0);
    });
  }

  /** Writes the bands of the power spectrum, times a gain and above their floors, into `out`. */
  #apply(gain: number, floors: Float64Array, out: Float32Array, offset: number): void {
    const { shift, scale } = AUDIOSET_MEL;
    const power = this.#power;
    const weights = this.#weights;
    for (let band = 0; band < this.bands; band++) {
      const end = this.#at[band + 1];
      let sum = 0;
      for (let i = this.#at[band], bin = this.#first[band]; i < end; i++, bin++) {
        sum += weights[i] * power[bin];
      }
      out[offset + band] = (Math.log(gain * sum + floors[band]) + shift) / scale;
    }
  }
}

/** Mirrors an index at the first and the last sample until it lies between them. */
function reflect(index: number, length: number): number {
  if (index >= 0 && index < length) return index;
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const phase = ((index % period) + period) % period;
  return phase < length ? phase : period - phase;
}

/** What pre-emphasis and the scale make of the power at a frequency. */
function gainAt(hz: number): number {
  const angle = (2 * Math.PI * hz) / TRAINED_RATE;
  return POWER_SCALE * (1 + PRE_EMPHASIS ** 2 - 2 * PRE_EMPHASIS * Math.cos(angle));
}
