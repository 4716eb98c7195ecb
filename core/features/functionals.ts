import type { Analysis } from '../analyze.ts';
import type { FrameRange } from '../windows.ts';
import { PITCH_CLASSES } from './chroma.ts';
import { FEATURE_CONFIG } from './config.ts';
import { CONTRAST_BANDS } from './contrast.ts';
import type { FrameFeatures } from './extract.ts';
import { mean, quantile, slope, standardDeviation } from './statistics.ts';

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

/** Names of the elements of a feature vector, in order. */
export const FUNCTIONAL_NAMES: readonly string[] = [
  ...SPECTRAL.map((name) => `${name} mean`),
  ...SPECTRAL.map((name) => `${name} standard deviation`),
  ...SPECTRAL.slice(0, CHANGING_MFCCS).map((name) => `${name} change`),
  ...PITCH,
  ...VOICING,
  ...LEVEL,
];

/**
 * Sums the frames of one window up in a fixed number of statistics: the vector that the classical
 * models take. Means and standard deviations of the spectral features over the active frames, the
 * standard deviation of the change of the first MFCCs from frame to frame, and statistics of pitch
 * (in octaves), voicing and level (in dB).
 *
 * @returns FUNCTIONAL_NAMES.length finite numbers
 * @example
 * const vector = functionals(analysis, { from: 0, to: analysis.features.frames });
 */
export function functionals(analysis: Analysis, range: FrameRange): Float32Array {
  const vector = new Float32Array(FUNCTIONAL_NAMES.length);
  spectralStatistics(analysis, range, vector);
  const rest = [...pitchStatistics(analysis, range), ...levelStatistics(analysis, range)];
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
