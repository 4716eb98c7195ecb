import { Chroma, PITCH_CLASSES } from './chroma.ts';
import { CONTRAST_BANDS, SpectralContrast } from './contrast.ts';
import { clipToTopDb } from './decibel.ts';
import { FrameAnalyzer, type Framing, frameCount } from './frames.ts';
import { LogMel } from './mel.ts';
import { Mfcc } from './mfcc.ts';
import { PitchTracker } from './pitch.ts';

/** How frames are described. Two extractors of equal configuration give equal numbers. */
export interface FrameConfig {
  /** Hz */
  readonly sampleRate: number;
  readonly framing: Framing;
  readonly melBands: number;
  readonly mfccs: number;
  /**
   * Variance of the white noise that is added to every power spectrum, where full scale is 1: a soft
   * floor that hides the noise of quantisation and codecs. 0 adds none.
   */
  readonly noiseVariance: number;
  /** Levels further below the recording's loudest are raised to it; null leaves them (dB). */
  readonly topDb: number | null;
}

/** Features of every frame, each an array of frames × columns in row-major order. */
export interface FrameFeatures {
  readonly frames: number;
  /** MFCC, `mfccs` columns. */
  readonly mfcc: Float32Array;
  /** Chroma, 12 columns, C first. */
  readonly chroma: Float32Array;
  /** Spectral contrast in dB, 7 columns. */
  readonly contrast: Float32Array;
  /** Spectral centroid in Hz. */
  readonly centroid: Float32Array;
  /** Level of the frame in dB. */
  readonly level: Float32Array;
  /** Fundamental frequency in Hz, meaningful where `periodicity` is high. */
  readonly pitch: Float32Array;
  /** Share of periodic power, 0 to 1. */
  readonly periodicity: Float32Array;
}

/**
 * Describes frames of a signal. One Fourier transform per frame is shared by all features, which
 * agree with librosa 0.10's (`mfcc`, `chroma_stft`, `spectral_contrast`, `spectral_centroid`) when
 * the noise is 0 and topDb is 80.
 *
 * @example
 * const extractor = new FrameExtractor(config);
 * const { frames, mfcc } = extractor.extract(samples);
 */
export class FrameExtractor {
  readonly #config: FrameConfig;
  readonly #analyzer: FrameAnalyzer;
  /** The bank that MFCC are made from. */
  readonly #logMel: LogMel;
  readonly #mfcc: Mfcc;
  readonly #chroma: Chroma;
  readonly #contrast: SpectralContrast;
  readonly #pitch: PitchTracker;
  readonly #magnitude: Float64Array;
  /** What the added noise contributes to every bin: its variance times the window's energy. */
  readonly #noisePower: number;

  constructor(config: FrameConfig) {
    const { sampleRate, framing, melBands: bands, mfccs: coefficients } = config;
    const spectrum = { sampleRate, nFft: framing.nFft };
    this.#config = config;
    this.#analyzer = new FrameAnalyzer(framing);
    this.#logMel = new LogMel({ ...spectrum, bands, fmin: 0, fmax: sampleRate / 2 });
    this.#mfcc = new Mfcc({ bands, coefficients });
    this.#chroma = new Chroma(spectrum);
    this.#contrast = new SpectralContrast(spectrum);
    this.#pitch = new PitchTracker(this.#analyzer, sampleRate);
    this.#magnitude = new Float64Array(this.#analyzer.bins);
    const windowEnergy = this.#analyzer.window.reduce((sum, w) => sum + w * w, 0);
    this.#noisePower = config.noiseVariance * windowEnergy;
  }

  /**
   * Describes the frames from index `from` up to but not including `to` (all of them by default).
   * `gain` multiplies the samples first.
   */
  extract(
    samples: Float32Array,
    { from = 0, to = frameCount(samples.length, this.#config.framing.hopLength), gain = 1 } = {},
  ): FrameFeatures {
    const { melBands, mfccs, topDb } = this.#config;
    const frames = to - from;
    const logMel = new Float32Array(frames * melBands);
    const peaks = new Float32Array(frames * CONTRAST_BANDS);
    const valleys = new Float32Array(frames * CONTRAST_BANDS);
    const features: FrameFeatures = {
      frames,
      mfcc: new Float32Array(frames * mfccs),
      chroma: new Float32Array(frames * PITCH_CLASSES),
      contrast: new Float32Array(frames * CONTRAST_BANDS),
      centroid: new Float32Array(frames),
      level: new Float32Array(frames),
      pitch: new Float32Array(frames),
      periodicity: new Float32Array(frames),
    };
    for (let t = 0; t < frames; t++) {
      const { power, total, centroid } = this.#spectrum(samples, from + t, gain);
      this.#logMel.compute(power, logMel, t * melBands);
      this.#chroma.compute(power, features.chroma, t * PITCH_CLASSES);
      this.#contrast.compute(this.#magnitude, peaks, valleys, t * CONTRAST_BANDS);
      features.centroid[t] = centroid;
      features.level[t] = 10 * Math.log10(total + Number.MIN_VALUE);
      const { hz, periodicity } = this.#pitch.track(power);
      features.pitch[t] = hz;
      features.periodicity[t] = periodicity;
    }
    if (topDb !== null) for (const levels of [logMel, peaks, valleys]) clipToTopDb(levels, topDb);
    for (let i = 0; i < peaks.length; i++) features.contrast[i] = peaks[i] - valleys[i];
    for (let t = 0; t < frames; t++) {
      const frame = logMel.subarray(t * melBands, (t + 1) * melBands);
      this.#mfcc.compute(frame, features.mfcc, t * mfccs);
    }
    return features;
  }

  /**
   * Returns the power spectrum of a frame, its sum, and its centroid in Hz: the mean frequency weighted
   * by magnitude (`librosa.feature.spectral_centroid`), 0 for silence. Magnitudes are left in #magnitude.
   */
  #spectrum(samples: Float32Array, index: number, gain: number) {
    const power = this.#analyzer.power(samples, index);
    const gainSquared = gain * gain;
    const noisePower = this.#noisePower;
    const magnitude = this.#magnitude;
    let total = 0;
    let magnitudes = 0;
    let weighted = 0;
    // One pass: sums that wait for nothing but themselves run side by side.
    for (let bin = 0; bin < power.length; bin++) {
      const p = power[bin] * gainSquared + noisePower;
      const root = Math.sqrt(p);
      power[bin] = p;
      magnitude[bin] = root;
      total += p;
      magnitudes += root;
      weighted += root * bin;
    }
    const hzPerBin = this.#config.sampleRate / 2 / (power.length - 1);
    return { power, total, centroid: magnitudes > 0 ? (weighted / magnitudes) * hzPerBin : 0 };
  }
}
