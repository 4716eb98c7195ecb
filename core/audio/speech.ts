import { voiceParts } from './filters.ts';
import { type DecodedAudio, SAMPLE_RATE } from './mono-sink.ts';

/** Spacing of the level measurements in samples; frames of twice that length, as in core/features. */
export const HOP = 320;

/** Nothing below this level is looked at: the noise of 16 bits lies near −98 dBFS. */
const SILENCE_DBFS = -92;
/** The background is the level that this share of the frames stays below. */
const BACKGROUND_QUANTILE = 0.1;
/** Speech is louder than the background by this … */
const ABOVE_BACKGROUND_DB = 6;
/** … or, where the background is nearly as loud, no softer than this below its syllables … */
const MIN_RANGE_DB = 7;
/** … and never softer than this below them. */
const RANGE_DB = 30;
/**
 * The level of the syllables is what this share of the frames above the background exceeds. A single
 * loud event (a pop, a beep, a door) is shorter than that and does not own it.
 */
const SYLLABLE_SHARE = 0.3;
/** Frames louder than the syllables by more than this are no voice and set no level (dB). */
const HEADROOM_DB = 9;
/** Sounds shorter than this are clicks (frames). */
const MIN_RUN = 3;
/** A track with a voice is at most this much softer than the strongest one (dB) … */
const TRACK_RANGE_DB = 20;
/** … and active for at least this share of the time for which another one is. */
const TRACK_ACTIVITY = 0.2;
/** Kept on both sides of the span, for soft onsets (frames). */
const PADDING = 2;

/** Where a recording is loud enough to be speech, in frames of HOP samples. */
export interface Activity {
  /** The recording without what lies below a voice, which is what features are made of. */
  readonly samples: Float32Array;
  /** First active frame and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** 1 for every frame of the recording that is active, 0 elsewhere. */
  readonly active: Uint8Array;
  /** Root mean square of the active frames below 4 kHz without loud events; full scale is 1. */
  readonly level: number;
}

/**
 * Finds where a recording is active by the level of its voice band alone, relative to its own
 * syllables and background: a change of gain does not move it, nor does rumble, hum, an offset, a
 * whistle or one loud event. Returns null when there is nothing but silence.
 *
 * @param samples mono at 16 kHz
 * @example
 * const activity = findActivity(samples);
 * const seconds = activity && (activity.to - activity.from) * HOP / SAMPLE_RATE;
 */
export function findActivity(samples: Float32Array): Activity | null {
  const { clean, band } = voiceParts(samples);
  const power = framePowers(band);
  const level = power.map(decibels);
  const background = quantile(level, BACKGROUND_QUANTILE);
  const audible = level.filter((l) => l > Math.max(background + ABOVE_BACKGROUND_DB, SILENCE_DBFS));
  // Of a sound without pauses no frame stands out from the background.
  const heard = audible.length >= MIN_RUN ? audible : level;
  const first = quantile(heard, 1 - SYLLABLE_SHARE);
  // Again without what was too loud to be a voice: it had raised the level of the syllables too.
  const syllables = quantile(
    heard.filter((l) => l <= first + HEADROOM_DB),
    1 - SYLLABLE_SHARE,
  );
  if (syllables < SILENCE_DBFS) return null;
  const threshold = Math.max(
    syllables - RANGE_DB,
    Math.min(background + ABOVE_BACKGROUND_DB, syllables - MIN_RANGE_DB),
  );
  const active = Uint8Array.from(level, (l) => (l >= threshold ? 1 : 0));
  dropShortRuns(active);
  const start = active.indexOf(1);
  if (start < 0) return null;
  const voiced = power.filter((_, t) => active[t] === 1 && level[t] <= syllables + HEADROOM_DB);
  // Where the active frames are all that loud, they are what there is.
  const counted = voiced.length > 0 ? voiced : power.filter((_, t) => active[t] === 1);
  return {
    samples: clean,
    from: Math.max(0, start - PADDING),
    to: Math.min(active.length, active.lastIndexOf(1) + 1 + PADDING),
    active,
    level: Math.sqrt(counted.reduce((sum, p) => sum + p, 0) / counted.length),
  };
}

/**
 * Returns the first of several tracks that is neither much softer nor active for much less time than
 * another: neither a silent one nor what is left of one that breaks off. The first is what players play.
 */
export function firstWithVoice(tracks: readonly DecodedAudio[]): DecodedAudio {
  const found = tracks.flatMap((track) => {
    const activity = findActivity(track.samples);
    return activity ? [{ track, ...activity, frames: activity.active.filter(Boolean).length }] : [];
  });
  const strongest = Math.max(...found.map(({ level }) => level));
  const strong = found.filter(({ level }) => level >= strongest * 10 ** (-TRACK_RANGE_DB / 20));
  const longest = Math.max(...strong.map(({ frames }) => frames));
  return strong.find(({ frames }) => frames >= longest * TRACK_ACTIVITY)?.track ?? tracks[0];
}

/** Seconds from the start of the recording to the centre of a frame. */
export function frameSeconds(frame: number): number {
  return (frame * HOP) / SAMPLE_RATE;
}

/** Mean square of the frame centred on every multiple of HOP, which is one stretch of HOP and the next. */
function framePowers(samples: Float32Array): Float64Array {
  const powers = new Float64Array(1 + Math.floor(samples.length / HOP));
  let before = 0;
  for (let t = 0; t < powers.length; t++) {
    const to = Math.min(samples.length, (t + 1) * HOP);
    let sum = 0;
    for (let n = t * HOP; n < to; n++) sum += samples[n] * samples[n];
    powers[t] = (before + sum) / (2 * HOP);
    before = sum;
  }
  return powers;
}

function decibels(power: number): number {
  return 10 * Math.log10(power + Number.MIN_VALUE);
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
