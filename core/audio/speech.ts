import { SAMPLE_RATE } from './mono-sink.ts';

/** Spacing of the level measurements in samples; frames of twice that length, as in core/features. */
export const HOP = 320;
const FRAME = 640;

/** Nothing below this level is looked at: the noise of 16 bits lies near −98 dBFS. */
const SILENCE_DBFS = -92;
/** Speech ends where it is this far below the loudest syllable … */
const RANGE_DB = 35;
/** … or near the background, unless the background is nearly as loud as the speech. */
const ABOVE_BACKGROUND_DB = 6;
const MIN_RANGE_DB = 12;
/** Sounds shorter than this are clicks (frames). */
const MIN_RUN = 3;
/** Kept on both sides of the span, for soft onsets (frames). */
const PADDING = 2;
/** Frames averaged to find the loudest syllable, so that a click does not count as one. */
const SMOOTHING = 5;
/** The background is the level that this share of the frames stays below. */
const BACKGROUND_QUANTILE = 0.1;

/** Where a recording is loud enough to be speech, in frames of HOP samples. */
export interface Activity {
  /** First active frame and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** 1 for every frame of the recording that is active, 0 elsewhere. */
  readonly active: Uint8Array;
  /** Root mean square of the active frames, where full scale is 1. */
  readonly level: number;
}

/**
 * Finds where something is heard by level alone, relative to the recording's own loudest syllable
 * and background: a change of gain does not move it. Returns null when nothing is.
 *
 * @param samples mono at 16 kHz, without DC
 * @example
 * const activity = findActivity(samples);
 * const seconds = activity && (activity.to - activity.from) * HOP / SAMPLE_RATE;
 */
export function findActivity(samples: Float32Array): Activity | null {
  const power = framePowers(samples);
  const level = power.map((p) => 10 * Math.log10(p + Number.MIN_VALUE));
  const peak = 10 * Math.log10(maximum(smooth(power)) + Number.MIN_VALUE);
  if (peak < SILENCE_DBFS) return null;
  const background = quantile(level, BACKGROUND_QUANTILE);
  const threshold = Math.max(
    peak - RANGE_DB,
    Math.min(background + ABOVE_BACKGROUND_DB, peak - MIN_RANGE_DB),
  );
  const active = Uint8Array.from(level, (l) => (l >= threshold ? 1 : 0));
  dropShortRuns(active);
  const first = active.indexOf(1);
  if (first < 0) return null;
  let sum = 0;
  let count = 0;
  active.forEach((isActive, t) => {
    if (!isActive) return;
    sum += power[t];
    count++;
  });
  return {
    from: Math.max(0, first - PADDING),
    to: Math.min(active.length, active.lastIndexOf(1) + 1 + PADDING),
    active,
    level: Math.sqrt(sum / count),
  };
}

/** Returns the samples with their mean removed. */
export function removeDc(samples: Float32Array): Float32Array {
  let sum = 0;
  for (const sample of samples) sum += sample;
  const mean = sum / samples.length;
  return samples.map((sample) => sample - mean);
}

/** Seconds from the start of the recording to the centre of a frame. */
export function frameSeconds(frame: number): number {
  return (frame * HOP) / SAMPLE_RATE;
}

/** Mean square of the frame centred on every multiple of HOP. */
function framePowers(samples: Float32Array): Float64Array {
  const powers = new Float64Array(1 + Math.floor(samples.length / HOP));
  for (let t = 0; t < powers.length; t++) {
    const from = Math.max(0, t * HOP - FRAME / 2);
    const to = Math.min(samples.length, t * HOP + FRAME / 2);
    let sum = 0;
    for (let n = from; n < to; n++) sum += samples[n] * samples[n];
    powers[t] = sum / FRAME;
  }
  return powers;
}

function smooth(values: Float64Array): Float64Array {
  const half = Math.floor(SMOOTHING / 2);
  return values.map((_, t) => {
    let sum = 0;
    for (let k = t - half; k <= t + half; k++) sum += values[k] ?? 0;
    return sum / SMOOTHING;
  });
}

function dropShortRuns(active: Uint8Array): void {
  let start = 0;
  for (let t = 1; t <= active.length; t++) {
    if (t < active.length && active[t] === active[start]) continue;
    if (active[start] === 1 && t - start < MIN_RUN) active.fill(0, start, t);
    start = t;
  }
}

function quantile(values: Float64Array, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(share * (sorted.length - 1))];
}

/** Math.max(...values) overflows the stack on long recordings. */
function maximum(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
