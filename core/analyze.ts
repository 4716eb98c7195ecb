import { findActivity, frameSeconds, HOP } from './audio/speech.ts';
import { AudiosetMel } from './features/audioset-mel.ts';
import { AUDIOSET_MEL, FEATURE_CONFIG } from './features/config.ts';
import { FrameExtractor, type FrameFeatures } from './features/extract.ts';

/** What was found active in a recording, at one level, and its features. */
export interface Analysis {
  /** Seconds from the start of the recording. */
  readonly span: { readonly start: number; readonly end: number };
  /** Frames of 20 ms in the span; frame 0 lies at `span.start`. */
  readonly frames: number;
  /** 1 for every frame of the span that is active. */
  readonly active: Uint8Array;
  /** The spectrogram that networks see: two rows of AUDIOSET_MEL.bands values for every frame. */
  readonly mel: Float32Array;
  /** The features that functionals are made of, computed when they are first asked for. */
  readonly features: FrameFeatures;
}

/** Rows of the spectrogram to a frame. */
export const MEL_ROWS = HOP / AUDIOSET_MEL.hopLength;

const { level, noiseFloorDb, melFloorDb, framing, sampleRate, melBands, mfccs } = FEATURE_CONFIG;
if (framing.hopLength !== HOP) throw new RangeError('features and speech span need the same hop');
if (!Number.isInteger(MEL_ROWS)) throw new RangeError('the spectrogram has whole rows to a frame');

const noiseVariance = (floorDb: number) => level ** 2 * 10 ** (floorDb / 10);

const mel = new AudiosetMel();
let extractor: FrameExtractor | undefined;

/** Made on first use: its tables take 10 ms, and no network needs them. */
function frameExtractor(): FrameExtractor {
  extractor ??= new FrameExtractor({
    sampleRate,
    framing,
    melBands,
    mfccs,
    noiseVariance: noiseVariance(noiseFloorDb),
    topDb: null,
  });
  return extractor;
}

/**
 * Returns the row of the spectrogram that white noise has, so many dB below the level of the speech.
 * Without a number it is that of silence: the least that any band comes to.
 */
export function noiseRow(levelDb: number = melFloorDb): Float32Array {
  const silence = new Float32Array(HOP);
  return mel.extract(silence, { from: 0, to: 1, noiseVariance: noiseVariance(levelDb) });
}

/**
 * Finds what is active in a recording, brings it to one level and computes its features. Returns
 * null for silence. Whether it is a voice, the model tells. Training and serving both begin here.
 *
 * @param samples mono at 16 kHz
 * @example
 * const analysis = analyze((await decode(bytes)).samples);
 */
export function analyze(samples: Float32Array): Analysis | null {
  const activity = findActivity(samples);
  if (!activity) return null;
  const { from, to } = activity;
  const gain = level / activity.level;
  let features: FrameFeatures | undefined;
  return {
    span: {
      start: frameSeconds(from),
      end: Math.min(frameSeconds(to), samples.length / sampleRate),
    },
    frames: to - from,
    active: activity.active.subarray(from, to),
    mel: mel.extract(activity.samples, {
      from: from * MEL_ROWS,
      to: to * MEL_ROWS,
      gain,
      noiseVariance: noiseVariance(melFloorDb),
    }),
    get features() {
      features ??= frameExtractor().extract(activity.samples, { from, to, gain });
      return features;
    },
  };
}
