import { type Activity, findActivity, frameSeconds, HOP, removeDc } from './audio/speech.ts';
import { FEATURE_CONFIG } from './features/config.ts';
import { FrameExtractor, type FrameFeatures } from './features/extract.ts';
import { isVoice } from './voice/detector.ts';

/** A recording in which somebody speaks, described frame by frame. */
export interface Analysis {
  /** Seconds from the start of the recording. */
  readonly span: { readonly start: number; readonly end: number };
  /** Features of the frames of the span; frame 0 lies at `span.start`. */
  readonly features: FrameFeatures;
  /** 1 for every frame of the span in which something is heard. */
  readonly active: Uint8Array;
}

const { level, noiseFloorDb, framing, sampleRate, melBands, mfccs, logMel } = FEATURE_CONFIG;
if (framing.hopLength !== HOP) throw new RangeError('features and speech span need the same hop');

const extractor = new FrameExtractor({
  ...{ sampleRate, framing, melBands, mfccs, logMel },
  noiseVariance: level ** 2 * 10 ** (noiseFloorDb / 10),
  topDb: null,
});

/**
 * Finds the speech in a recording, brings it to one level and describes its frames. Returns null
 * when nobody speaks: silence, or sound without a voice. Training and serving both begin here.
 *
 * @param samples mono at 16 kHz
 * @example
 * const analysis = analyze((await decode(bytes)).samples);
 */
export function analyze(samples: Float32Array): Analysis | null {
  const heard = describe(samples);
  return heard && isVoice(heard) ? heard : null;
}

/**
 * Does the same for any sound, whether somebody speaks in it or not. Returns null for silence: the
 * voice detector learns from what this returns.
 */
export function describe(samples: Float32Array): Analysis | null {
  const centred = removeDc(samples);
  const activity = findActivity(centred);
  if (!activity) return null;
  const { from, to } = activity;
  const features = extractor.extract(centred, { from, to, gain: level / activity.level });
  const active = activity.active.subarray(from, to);
  return { span: spanSeconds(activity, samples.length), features, active };
}

/**
 * Returns the log-mel spectrogram of the span alone (frames × bands in dB), the `logMel` of the
 * features that `describe` gives; null for silence. Training turns many waveforms into these.
 */
export function describeLogMel(samples: Float32Array): Float32Array | null {
  const centred = removeDc(samples);
  const activity = findActivity(centred);
  if (!activity) return null;
  const { from, to } = activity;
  return extractor.extractLogMel(centred, { from, to, gain: level / activity.level });
}

function spanSeconds({ from, to }: Activity, length: number) {
  return { start: frameSeconds(from), end: Math.min(frameSeconds(to), length / sampleRate) };
}
