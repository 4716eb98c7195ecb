/**
 * The spectrogram that the pretrained network was trained on (EfficientAT: 128 kaldi-style mel bands
 * at 32 kHz), computed from 16 kHz. Frames of 25 ms every 10 ms; bands above 8 kHz stay empty at this
 * rate, so that only the first 104 are kept.
 */
export const AUDIOSET_MEL = {
  /** Hz */
  sampleRate: 16_000,
  nFft: 512,
  winLength: 400,
  hopLength: 160,
  /** Bands between 0 and `fmax` Hz, of which the first `bands` are computed. */
  totalBands: 128,
  bands: 104,
  fmax: 15_000,
  /** Added to every band's energy before the logarithm. */
  offset: 1e-5,
  /** (log energy + shift) / scale is what the network sees. */
  shift: 4.5,
  scale: 5,
} as const;

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
   * 1.28 s, for models on functionals 4 s and 2 s. Windows of networks start at multiples of `step`, at
   * which the coarsest map of the speech network has a frame: so it is computed once for all windows.
   */
  networkWindow: { frames: 128, hop: 64, step: 4 },
  functionalsWindow: { frames: 200, hop: 100 },
  /** Raise it when the list or the meaning of the functionals changes. */
  functionals: 2,
} as const;
