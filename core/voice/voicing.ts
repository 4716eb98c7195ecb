import type { FrameFeatures } from '../features/extract.ts';
import { mean, quantile, standardDeviation } from '../features/statistics.ts';

/** Pitch counts where a frame is at least this periodic. */
const VOICED = 0.5;
const CLEARLY_VOICED = 0.8;
/** A tone held by an instrument moves less than this between frames, a voice more (octaves). */
const STEADY_OCTAVES = 0.005;
/** A step larger than this between frames is another sound, or an octave error. */
const JUMP_OCTAVES = 0.2;

export const PITCH_NAMES: readonly string[] = [
  ...['mean', 'standard deviation', '10th percentile', 'median', '90th percentile'].map(
    (name) => `periodicity ${name}`,
  ),
  ...['voiced share', 'clearly voiced share'],
  ...['mean', 'standard deviation', '10th percentile', '90th percentile'].map(
    (name) => `pitch ${name}`,
  ),
  ...['pitch change', 'steady pitch share', 'pitch jump share'],
  ...['mean voiced run', 'longest voiced run', 'voiced runs'],
];

/** What pitch says where nothing is voiced: the middle of its range, in octaves above 1 Hz. */
const NO_PITCH = Math.log2(200);

/**
 * Returns statistics of periodicity, of pitch in octaves where the sound is voiced, and of the runs
 * of voiced frames (in frames; their number per frame heard).
 *
 * @param heard indices of the frames in which something is heard, ascending
 */
export function pitchStatistics(
  { periodicity, pitch }: FrameFeatures,
  heard: readonly number[],
): number[] {
  const periodic = heard.map((t) => periodicity[t]);
  const voiced = heard.filter((t) => periodicity[t] > VOICED);
  const octaves = voiced.map((t) => Math.log2(pitch[t]));
  const changes = voiced.flatMap((t, i) =>
    i > 0 && voiced[i - 1] === t - 1 ? [Math.abs(octaves[i] - octaves[i - 1])] : [],
  );
  const runs = runLengths(voiced);
  const share = (count: number, total: number) => (total > 0 ? count / total : 0);
  const low = octaves.length > 0 ? quantile(octaves, 0.1) : NO_PITCH;
  const high = octaves.length > 0 ? quantile(octaves, 0.9) : NO_PITCH;
  return [
    ...[mean(periodic), standardDeviation(periodic)],
    ...[0.1, 0.5, 0.9].map((q) => quantile(periodic, q)),
    share(voiced.length, heard.length),
    share(periodic.filter((value) => value > CLEARLY_VOICED).length, heard.length),
    octaves.length > 0 ? mean(octaves) : NO_PITCH,
    ...[standardDeviation(octaves), low, high],
    Math.min(JUMP_OCTAVES, quantile(changes, 0.5)),
    share(changes.filter((step) => step < STEADY_OCTAVES).length, changes.length),
    share(changes.filter((step) => step > JUMP_OCTAVES).length, changes.length),
    ...[mean(runs), runs.reduce((a, b) => Math.max(a, b), 0)],
    share(runs.length, heard.length),
  ];
}

/** Returns the lengths of the runs of consecutive numbers in an ascending list. */
function runLengths(ascending: readonly number[]): number[] {
  const runs: number[] = [];
  ascending.forEach((t, i) => {
    if (i > 0 && ascending[i - 1] === t - 1) runs[runs.length - 1]++;
    else runs.push(1);
  });
  return runs;
}
