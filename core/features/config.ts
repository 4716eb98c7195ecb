/**
 * What a feature vector means, as data: it is written into every model card, and a model whose card
 * says otherwise is refused. Change a number here and the shipped model must be trained again.
 */
export const FEATURE_CONFIG = {
  version: 1,
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
  /** Frames that a model window holds, and how far windows are apart (4 s, 2 s). */
  window: { frames: 200, hop: 100 },
  /** Raise it when the list or the meaning of the functionals changes. */
  functionals: 1,
} as const;
