import { type Activity, findActivity, frameSeconds, HOP, removeDc } from './audio/speech.ts';
import { FEATURE_CONFIG } from './features/config.ts';
import { FrameExtractor, type FrameFeatures } from './features/extract.ts';

/** A frame counts as voiced from this share of periodic power on. */
const VOICED = 0.5;
/** Speech has at least this many voiced frames (96 ms): a short "no" has more. */
const MIN_VOICED_FRAMES = 6;

/** A recording in which somebody speaks, described frame by frame. */
export interface Analysis {
  /** Seconds from the start of the recording. */
  readonly span: { readonly start: number; readonly end: number };
  /** Features of the frames of the span; frame 0 lies at `span.start`. */
  readonly features: FrameFeatures;
  /** 1 for every frame of the span in which something is heard. */
  readonly active: Uint8Array;
}

const { level, noiseFloorDb, framing, sampleRate, melBands, mfccs } = FEATURE_CONFIG;
if (framing.hopLength !== HOP) throw new RangeError('features and speech span need the same hop');

const extractor = new FrameExtractor({
  ...{ sampleRate, framing, melBands, mfccs },
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
  const centred = removeDc(samples);
  const activity = findActivity(centred);
  if (!activity) return null;
  const { from, to } = activity;
  const features = extractor.extract(centred, { from, to, gain: level / activity.level });
  const active = activity.active.subarray(from, to);
  if (voicedFrames(features, active) < MIN_VOICED_FRAMES) return null;
  return { span: spanSeconds(activity, samples.length), features, active };
}

function voicedFrames({ frames, periodicity }: FrameFeatures, active: Uint8Array): number {
  let count = 0;
  for (let t = 0; t < frames; t++) if (active[t] && periodicity[t] > VOICED) count++;
  return count;
}

function spanSeconds({ from, to }: Activity, length: number) {
  return { start: frameSeconds(from), end: Math.min(frameSeconds(to), length / sampleRate) };
}
