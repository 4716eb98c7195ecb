/**
 * What a feature vector means, as data: it is written into every model card, and a model whose card
 * says otherwise is refused. Change a number here and the shipped model must be trained again.
 */
export const FEATURE_CONFIG = {
  version: 2,
  /** Hz */
  sampleRate: 16_000,
  /** Samples: 64 ms frames every 20 ms. */
  framing: { nFft: 1024, hopLength: 320 },
  melBands: 128,
  mfccs: 40,
  /** Root mean square that active speech is brought to, where full scale is 1. */
  level: 0.1,
  /** Soft floor under every spectrum in dB below the level of the speech. */
  noiseFloorDb: -40,
  /** Mel bands of the spectrogram that networks see; the edges are in Hz. */
  logMel: { bands: 64, fmin: 50, fmax: 7600 },
  /**
   * Frames that a window holds, and how far windows are apart: for networks 2.56 s and 1.28 s, for
   * models on functionals 4 s and 2 s.
   */
  networkWindow: { frames: 128, hop: 64 },
  functionalsWindow: { frames: 200, hop: 100 },
  /** Raise it when the list or the meaning of the functionals changes. */
  functionals: 1,
} as const;
