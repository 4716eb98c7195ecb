import { PITCH_CLASSES } from '../features/chroma.ts';
import { FEATURE_CONFIG } from '../features/config.ts';
import { CONTRAST_BANDS } from '../features/contrast.ts';
import type { FrameFeatures } from '../features/extract.ts';
import { mean, quantile, standardDeviation } from '../features/statistics.ts';
import type { FrameRange } from '../windows.ts';
import { envelopeStatistics, type HeardFrames, MODULATIONS } from './envelope.ts';
import { PITCH_NAMES, pitchStatistics } from './voicing.ts';

/** MFCCs whose statistics are told; coefficient 0, the level, counts by its deviation only. */
const MFCCS = 20;
const CHANGING_MFCCS = 13;

const number = (name: string, first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => `${name} ${first + i}`);

/** Names of the elements of a stretch's vector, in order. */
export const STATISTIC_NAMES: readonly string[] = [
  ...number('MFCC mean', 1, MFCCS - 1),
  ...number('MFCC standard deviation', 0, MFCCS - 1),
  ...number('MFCC change', 0, CHANGING_MFCCS - 1),
  ...number('contrast mean', 1, CONTRAST_BANDS),
  ...number('contrast standard deviation', 1, CONTRAST_BANDS),
  ...['mean', 'standard deviation', 'change'].map((name) => `centroid ${name}`),
  ...['flux median', 'flux 90th percentile', 'chroma flatness', 'chroma change'],
  ...PITCH_NAMES,
  ...MODULATIONS,
];

/**
 * Sums up what tells speech from other sounds in one stretch: the shape of the spectrum (mean MFCC
 * and contrast), how it moves (deviations, change from frame to frame, cepstral flux), voicing and
 * the course of pitch, and the rhythm of the level, which in speech is that of syllables, near 4 Hz
 * (Scheirer & Slaney 1997, "Construction and evaluation of a robust multifeature speech/music
 * discriminator"). No element depends on the gain of the recording.
 *
 * @returns STATISTIC_NAMES.length finite numbers
 * @example
 * const vector = stretchStatistics({ features, active }, { from: 0, to: 100 });
 */
export function stretchStatistics(frames: HeardFrames, range: FrameRange): Float32Array {
  const heard = heardIn(frames.active, range);
  return Float32Array.from([
    ...spectralStatistics(frames.features, heard),
    ...pitchStatistics(frames.features, heard),
    ...envelopeStatistics(frames, range),
  ]);
}

function heardIn(active: Uint8Array, { from, to }: FrameRange): number[] {
  const heard: number[] = [];
  for (let t = from; t < to; t++) if (active[t]) heard.push(t);
  return heard;
}

function spectralStatistics(features: FrameFeatures, heard: readonly number[]): number[] {
  const { mfcc, contrast, centroid, chroma } = features;
  const { mfccs } = FEATURE_CONFIG;
  const column = (values: Float32Array, width: number, c: number) =>
    heard.map((t) => values[t * width + c]);
  /** Mean size of the change between neighbouring frames that are both heard. */
  const change = (values: Float32Array, width: number, c: number) =>
    mean(pairs.map((t) => Math.abs(values[t * width + c] - values[(t - 1) * width + c])));
  const pairs = heard.filter((t, i) => i > 0 && heard[i - 1] === t - 1);
  const cepstra = Array.from({ length: MFCCS }, (_, c) => column(mfcc, mfccs, c));
  const contrasts = Array.from({ length: CONTRAST_BANDS }, (_, c) =>
    column(contrast, CONTRAST_BANDS, c),
  );
  const flux = pairs.map((t) => {
    let sum = 0;
    for (let c = 1; c < CHANGING_MFCCS; c++) {
      sum += (mfcc[t * mfccs + c] - mfcc[(t - 1) * mfccs + c]) ** 2;
    }
    return Math.sqrt(sum);
  });
  const tones = Array.from({ length: PITCH_CLASSES }, (_, c) => c);
  return [
    ...cepstra.slice(1).map(mean),
    ...cepstra.map(standardDeviation),
    ...Array.from({ length: CHANGING_MFCCS }, (_, c) => change(mfcc, mfccs, c)),
    ...contrasts.map(mean),
    ...contrasts.map(standardDeviation),
    ...[mean(column(centroid, 1, 0)), standardDeviation(column(centroid, 1, 0))],
    change(centroid, 1, 0),
    ...[quantile(flux, 0.5), quantile(flux, 0.9)],
    // Each frame's largest pitch class is 1: the mean is 1 for noise, 1/12 for a pure tone.
    mean(tones.map((c) => mean(column(chroma, PITCH_CLASSES, c)))),
    mean(tones.map((c) => change(chroma, PITCH_CLASSES, c))),
  ];
}
