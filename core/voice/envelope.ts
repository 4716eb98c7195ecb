import { FEATURE_CONFIG } from '../features/config.ts';
import type { FrameFeatures } from '../features/extract.ts';
import { mean, quantile, standardDeviation } from '../features/statistics.ts';
import type { FrameRange } from '../windows.ts';

/** The frames of a recording, as `analyze` describes them. */
export interface HeardFrames {
  readonly features: FrameFeatures;
  /** 1 for every active frame. */
  readonly active: Uint8Array;
}

/** Frames per second. */
const FRAME_RATE = FEATURE_CONFIG.sampleRate / FEATURE_CONFIG.framing.hopLength;
/** Edges in Hz of the bands of modulation; the second and third hold the syllables of speech. */
const EDGES = [0.4, 2, 4, 7, 11, 16, 25] as const;
/** Levels further below the loudest frame of a stretch are raised to it: silence has no shape (dB). */
const DEPTH_DB = 40;
/** A frame this far below the mean power is a pause or a soft sound (Scheirer & Slaney 1997). */
const LOW_ENERGY_DB = 3;
/** Lags at which a beat is looked for (0.1 to 1 s). */
const BEAT_LAGS = { from: 5, to: 50 } as const;

export const MODULATIONS: readonly string[] = [
  ...EDGES.slice(1).map((edge, i) => `modulation ${EDGES[i]} to ${edge} Hz`),
  ...['standard deviation', '10th percentile', 'median', '90th percentile'].map(
    (name) => `level ${name}`,
  ),
  ...['level rise', 'level fall', 'low energy share', 'active share', 'active runs', 'beat'],
];

/**
 * Describes the course of the level in a stretch: how its modulation is spread over frequency, its
 * distribution relative to the loudest frame, how fast it rises and falls, how much of it is soft,
 * and how regularly it repeats.
 *
 * @returns MODULATIONS.length numbers
 */
export function envelopeStatistics({ features, active }: HeardFrames, range: FrameRange): number[] {
  const raw = features.level.subarray(range.from, range.to);
  const top = raw.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const levels = Array.from(raw, (value) => Math.max(value - top, -DEPTH_DB));
  const steps = levels.slice(1).map((value, i) => value - levels[i]);
  const meanPowerDb = 10 * Math.log10(mean(levels.map((value) => 10 ** (value / 10))));
  const isActive = Array.from(active.subarray(range.from, range.to));
  const onsets = isActive.filter((value, t) => value === 1 && isActive[t - 1] !== 1);
  const centred = levels.map((value) => value - mean(levels));
  return [
    ...modulationShares(centred),
    standardDeviation(levels),
    ...[0.1, 0.5, 0.9].map((share) => quantile(levels, share)),
    ...[quantile(steps, 0.9), quantile(steps, 0.1)],
    mean(levels.map((value) => (value < meanPowerDb - LOW_ENERGY_DB ? 1 : 0))),
    mean(isActive),
    onsets.length / levels.length,
    beat(centred),
  ];
}

/** Returns each band's share of the power of the level's spectrum; zeros where it does not move. */
function modulationShares(centred: readonly number[]): number[] {
  const n = centred.length;
  const bands = new Float64Array(EDGES.length - 1);
  for (let k = 1; k <= n / 2; k++) {
    const band = EDGES.findLastIndex((edge) => edge <= (k * FRAME_RATE) / n);
    if (band < 0) continue;
    const coefficient = 2 * Math.cos((2 * Math.PI * k) / n);
    // Goertzel's recursion: the power of one frequency.
    let a = 0;
    let b = 0;
    for (const value of centred) [a, b] = [value + coefficient * a - b, a];
    bands[Math.min(band, bands.length - 1)] += a * a + b * b - coefficient * a * b;
  }
  const total = bands.reduce((x, y) => x + y, 0);
  return Array.from(bands, (power) => (total > 0 ? power / total : 0));
}

/** Returns the highest autocorrelation of the level at a lag that a beat may have, from 0 to 1. */
function beat(centred: readonly number[]): number {
  const power = centred.reduce((sum, value) => sum + value * value, 0);
  if (power === 0) return 0;
  const correlation = (lag: number) => {
    let sum = 0;
    for (let t = lag; t < centred.length; t++) sum += centred[t] * centred[t - lag];
    return sum / power;
  };
  let best = 0;
  // Only a peak is a beat: what merely falls off slowly is not.
  for (let lag = BEAT_LAGS.from; lag <= Math.min(BEAT_LAGS.to, centred.length - 2); lag++) {
    const here = correlation(lag);
    if (here > best && here >= correlation(lag - 1) && here >= correlation(lag + 1)) best = here;
  }
  return best;
}
