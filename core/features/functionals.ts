import type { Analysis } from '../analyze.ts';
import type { FrameRange } from '../windows.ts';
import { PITCH_CLASSES } from './chroma.ts';
import { FEATURE_CONFIG } from './config.ts';
import { CONTRAST_BANDS } from './contrast.ts';
import type { FrameFeatures } from './extract.ts';

/** Pitch counts where a frame is at least this periodic. */
const VOICED = 0.5;
/**
 * How much a feature changes from frame to frame is told for the first coefficients only: more of
 * them cost the forest two points of accuracy on the random split, and gained nothing elsewhere.
 */
const CHANGING_MFCCS = 13;
/** With fewer voiced frames than this, pitch says nothing. */
const MIN_VOICED = 4;

const number = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${name} ${i + 1}`);

/** The spectral features of a frame, in the order of their columns. */
const SPECTRAL = [
  ...number('MFCC', FEATURE_CONFIG.mfccs),
  ...number('chroma', PITCH_CLASSES),
  ...number('contrast', CONTRAST_BANDS),
  'centroid',
];

const PITCH = [
  ...['mean', 'standard deviation', '10th percentile', 'median', '90th percentile', 'range'],
  'slope',
].map((name) => `pitch ${name}`);
const VOICING = ['voiced share', 'periodicity of voiced frames'];
const LEVEL = [
  ...['standard deviation', '10th percentile', 'median', '90th percentile', 'mean change'].map(
    (name) => `level ${name}`,
  ),
  'active share',
];

/** The course of a feature through the window is told by its means over this many equal parts. */
const PARTS = 3;
const COURSE_MFCCS = 20;
const COURSE = [
  ...SPECTRAL.slice(0, COURSE_MFCCS),
  ...SPECTRAL.slice(-CONTRAST_BANDS - 1),
  'level',
  'pitch',
].flatMap((name) => number(`${name} in part`, PARTS));

/** Names of the elements of a feature vector, in order. */
export const FUNCTIONAL_NAMES: readonly string[] = [
  ...SPECTRAL.map((name) => `${name} mean`),
  ...SPECTRAL.map((name) => `${name} standard deviation`),
  ...SPECTRAL.slice(0, CHANGING_MFCCS).map((name) => `${name} change`),
  ...PITCH,
  ...VOICING,
  ...LEVEL,
  ...COURSE,
];

/**
 * Sums the frames of one window up in a fixed number of statistics: the vector that the classical
 * models take. Means and standard deviations of the spectral features over the active frames, the
 * standard deviation of the change of the first MFCCs from frame to frame, and statistics of pitch
 * (in octaves), voicing and level (in dB), and the means of the most telling ones over each third.
 *
 * @returns FUNCTIONAL_NAMES.length finite numbers
 * @example
 * const vector = functionals(analysis, { from: 0, to: analysis.frames });
 */
export function functionals(analysis: Analysis, range: FrameRange): Float32Array {
  const vector = new Float32Array(FUNCTIONAL_NAMES.length);
  spectralStatistics(analysis, range, vector);
  const rest = [
    ...pitchStatistics(analysis, range),
    ...levelStatistics(analysis, range),
    ...course(analysis, range),
  ];
  vector.set(rest, FUNCTIONAL_NAMES.length - rest.length);
  return vector;
}

function spectralStatistics({ features, active }: Analysis, range: FrameRange, out: Float32Array) {
  const columns = SPECTRAL.length;
  let column = 0;
  for (const [values, width] of spectralBlocks(features)) {
    for (let c = 0; c < width; c++, column++) {
      const heard: number[] = [];
      const changes: number[] = [];
      for (let t = range.from; t < range.to; t++) {
        const value = values[t * width + c];
        if (active[t]) heard.push(value);
        if (t > range.from) changes.push(value - values[(t - 1) * width + c]);
      }
      out[column] = mean(heard);
      out[columns + column] = standardDeviation(heard);
      if (column < CHANGING_MFCCS) out[2 * columns + column] = standardDeviation(changes);
    }
  }
}

function spectralBlocks(features: FrameFeatures): [values: Float32Array, width: number][] {
  return [
    [features.mfcc, FEATURE_CONFIG.mfccs],
    [features.chroma, PITCH_CLASSES],
    [features.contrast, CONTRAST_BANDS],
    [features.centroid, 1],
  ];
}

function pitchStatistics({ features, active }: Analysis, { from, to }: FrameRange): number[] {
  const octaves: number[] = [];
  const periodicity: number[] = [];
  let heard = 0;
  for (let t = from; t < to; t++) {
    if (!active[t]) continue;
    heard++;
    if (features.periodicity[t] <= VOICED) continue;
    octaves.push(Math.log2(features.pitch[t]));
    periodicity.push(features.periodicity[t]);
  }
  const voicing = [octaves.length / Math.max(1, heard), mean(periodicity)];
  if (octaves.length < MIN_VOICED) return [...PITCH.map(() => 0), ...voicing];
  const [low, median, high] = [0.1, 0.5, 0.9].map((share) => quantile(octaves, share));
  const spread = standardDeviation(octaves);
  return [mean(octaves), spread, low, median, high, high - low, slope(octaves), ...voicing];
}

function levelStatistics({ features, active }: Analysis, { from, to }: FrameRange): number[] {
  const levels = Array.from(features.level.subarray(from, to));
  const changes = levels.slice(1).map((level, i) => Math.abs(level - levels[i]));
  return [
    standardDeviation(levels),
    ...[0.1, 0.5, 0.9].map((share) => quantile(levels, share)),
    mean(changes),
    mean(Array.from(active.subarray(from, to))),
  ];
}

/** Means over the active (for pitch: voiced) frames of each part; a silent part takes the whole's. */
function course({ features, active }: Analysis, { from, to }: FrameRange): number[] {
  const { mfcc, contrast, centroid, level, pitch, periodicity } = features;
  const { mfccs } = FEATURE_CONFIG;
  const isHeard = (t: number) => active[t] === 1;
  const isVoiced = (t: number) => active[t] === 1 && periodicity[t] > VOICED;
  const parts = (value: (t: number) => number, counts: (t: number) => boolean) => {
    const sums = new Float64Array(PARTS);
    const frames = new Float64Array(PARTS);
    for (let t = from; t < to; t++) {
      if (!counts(t)) continue;
      const part = Math.floor(((t - from) * PARTS) / (to - from));
      sums[part] += value(t);
      frames[part]++;
    }
    const total = frames.reduce((a, b) => a + b, 0);
    const whole = total > 0 ? sums.reduce((a, b) => a + b, 0) / total : 0;
    return Array.from(sums, (sum, part) => (frames[part] > 0 ? sum / frames[part] : whole));
  };
  const columns = (values: Float32Array, width: number, count: number) =>
    Array.from({ length: count }, (_, c) => parts((t) => values[t * width + c], isHeard)).flat();
  return [
    ...columns(mfcc, mfccs, COURSE_MFCCS),
    ...columns(contrast, CONTRAST_BANDS, CONTRAST_BANDS),
    ...columns(centroid, 1, 1),
    ...parts((t) => level[t], isHeard),
    ...parts((t) => Math.log2(pitch[t]), isVoiced),
  ];
}

/** Returns the mean; 0 of nothing. */
function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length > 0 ? sum / values.length : 0;
}

/** Returns the population standard deviation; 0 of nothing. */
function standardDeviation(values: readonly number[]): number {
  const centre = mean(values);
  let sum = 0;
  for (const value of values) sum += (value - centre) ** 2;
  return values.length > 0 ? Math.sqrt(sum / values.length) : 0;
}

/** Returns the value that `share` (0 to 1) of the values lie below, interpolated; 0 of nothing. */
function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = Float64Array.from(values).sort();
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** Returns by how much the least-squares line rises from the first to the last value. */
function slope(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return 0;
  let covariance = 0;
  let variance = 0;
  for (let i = 0; i < n; i++) {
    // These sum to zero, so that the mean of the values makes no difference.
    const t = i / (n - 1) - 0.5;
    covariance += t * values[i];
    variance += t * t;
  }
  return covariance / variance;
}
