import { type Activity, findActivity, frameSeconds, HOP, removeDc } from './audio/speech.ts';
import { FEATURE_CONFIG } from './features/config.ts';
import { FrameExtractor, type FrameFeatures } from './features/extract.ts';
import { quantile } from './features/statistics.ts';

/** Speech has at least this many frames that are half periodic (100 ms): a short "no" has more. */
const MIN_VOICED_FRAMES = 5;
const VOICED = 0.5;
/**
 * Steady noise: few frames are clearly periodic, and its level hardly moves. Noise with a slope, as
 * of rain or a fan, is half periodic at times, but speech rises and falls: with these limits every
 * one of 249 clips drawn evenly from CREMA-D, the noisier corpus, counts as speech, and pink noise
 * does not.
 */
const CLEARLY_VOICED = 0.65;
const MIN_CLEARLY_VOICED_SHARE = 0.15;
const MIN_LEVEL_RANGE_DB = 4.5;

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
  if (!isVoice(features, active)) return null;
  return { span: spanSeconds(activity, samples.length), features, active };
}

function isVoice(
  { frames, periodicity, level: levels }: FrameFeatures,
  active: Uint8Array,
): boolean {
  const heard = Array.from({ length: frames }, (_, t) => t).filter((t) => active[t]);
  const above = (limit: number) => heard.filter((t) => periodicity[t] > limit).length;
  if (above(VOICED) < MIN_VOICED_FRAMES) return false;
  const heardLevels = heard.map((t) => levels[t]);
  const range = quantile(heardLevels, 0.9) - quantile(heardLevels, 0.1);
  return (
    range >= MIN_LEVEL_RANGE_DB || above(CLEARLY_VOICED) >= MIN_CLEARLY_VOICED_SHARE * heard.length
  );
}

function spanSeconds({ from, to }: Activity, length: number) {
  return { start: frameSeconds(from), end: Math.min(frameSeconds(to), length / sampleRate) };
}
