import { AUDIOSET_MEL } from './audioset-mel.ts';

/**
 * What a feature vector means, as data: it is written into every model card, and a model whose card
 * says otherwise is refused. Change a number here and the shipped model must be trained again.
 */
export const FEATURE_CONFIG = {
  version: 3,
  /** Hz */
  sampleRate: 16_000,
  /** Root mean square that active speech is brought to, where full scale is 1. */
  level: 0.1,
  /** The spectrogram that networks see: see `AUDIOSET_MEL`. */
  mel: AUDIOSET_MEL,
  /** Soft floor under that spectrogram, as white noise in dB below the level of the speech. */
  melFloorDb: -50,
  /** Samples: functionals are made of 64 ms frames every 20 ms. */
  framing: { nFft: 1024, hopLength: 320 },
  melBands: 128,
  mfccs: 40,
  /** Soft floor under their spectra in dB below the level of the speech. */
  noiseFloorDb: -40,
  /**
   * Frames of 20 ms that a window holds, and how far windows are apart: for networks 2.56 s and
   * 1.28 s, for models on functionals 4 s and 2 s.
   */
  networkWindow: { frames: 128, hop: 64 },
  functionalsWindow: { frames: 200, hop: 100 },
  /** Raise it when the list or the meaning of the functionals changes. */
  functionals: 1,
} as const;
