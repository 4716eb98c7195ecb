import type { Analysis } from './analyze.ts';

/** Windows and stretches with fewer active frames than this say nothing (0.24 s). */
export const MIN_ACTIVE_FRAMES = 12;

/** A stretch of the speech span in frames: `from` up to but not including `to`. */
export interface FrameRange {
  readonly from: number;
  readonly to: number;
}

/** How many frames a model sees at once, and how far its windows are apart. */
export interface WindowSize {
  readonly frames: number;
  readonly hop: number;
  /** Windows start at multiples of so many frames, 1 by default; a hop is one of these. */
  readonly step?: number;
}

/**
 * Returns where the windows of a span of so many frames lie: one when it fits, else overlapping ones
 * at every hop, the last of which ends less than a step before the span ends. Training and serving both cut
 * here.
 *
 * @example
 * windowRanges(150, { frames: 128, hop: 64 }); // 0–128 and 22–150
 */
export function windowRanges(
  frames: number,
  { frames: size, hop, step = 1 }: WindowSize,
): FrameRange[] {
  if (frames === 0) return [];
  if (frames <= size) return [{ from: 0, to: frames }];
  const last = Math.floor((frames - size) / step) * step;
  return Array.from({ length: 1 + Math.ceil(last / hop) }, (_, i) => {
    const from = Math.min(i * hop, last);
    return { from, to: from + size };
  });
}

/** Returns the model windows of a recording; of several, those in which nearly nothing is heard are left out. */
export function modelWindows({ frames, active }: Analysis, size: WindowSize): FrameRange[] {
  const ranges = windowRanges(frames, size);
  if (ranges.length <= 1) return ranges;
  return ranges.filter((range) => activeFrames(active, range) >= MIN_ACTIVE_FRAMES);
}

/**
 * Returns how much a window counts, 0 to 1: fully when half of it is speech, as in every spoken clip,
 * so that the mean over a clip is the plain one that training calibrates; less where a pause fills it.
 */
export function windowWeight(active: Uint8Array, range: FrameRange): number {
  return Math.min(1, (2 * activeFrames(active, range)) / (range.to - range.from));
}

/**
 * Returns the weighted mean of the windows' probabilities: what is said about a whole recording. Of
 * one window it is that window's probabilities, bit by bit.
 */
export function meanOverWindows(
  posteriors: readonly Float64Array[],
  weights: readonly number[],
): Float64Array {
  const mean = new Float64Array(posteriors[0].length);
  const total = weights.reduce((a, b) => a + b, 0);
  posteriors.forEach((row, i) => {
    // A short note of which nothing but clicks is left still gets its one answer.
    const share = total > 0 ? weights[i] / total : 1 / posteriors.length;
    for (let k = 0; k < mean.length; k++) mean[k] += row[k] * share;
  });
  return mean;
}

/** Number of frames in a range in which something is heard. */
export function activeFrames(active: Uint8Array, { from, to }: FrameRange): number {
  let count = 0;
  for (let t = from; t < to; t++) count += active[t];
  return count;
}

/** Returns the frames that two ranges share; as many as none when they do not meet. */
export function intersection(a: FrameRange, b: FrameRange): FrameRange {
  const from = Math.max(a.from, b.from);
  return { from, to: Math.max(from, Math.min(a.to, b.to)) };
}

/** The excerpt of a spectrogram that one prediction of a network sees. */
export interface MelExcerpt {
  /** Steps × bands in row-major order. */
  readonly mel: ArrayLike<number>;
  /** Columns of `mel`. */
  readonly bands: number;
  /** First step, and how many there are before the next excerpt or the end. */
  readonly from: number;
  readonly steps: number;
}

/**
 * Writes `size` steps of an excerpt into `out` from `offset` on. A shorter excerpt is reflected at
 * its ends, again and again where it is very short, so that no silence is made up. Training and
 * serving cut their windows here.
 *
 * @example
 * const window = new Float32Array(128 * 64);
 * writeMelWindow({ mel, bands: 64, from: 0, steps: 90 }, 128, window);
 */
export function writeMelWindow(
  { mel, bands, from, steps }: MelExcerpt,
  size: number,
  out: Float32Array,
  offset = 0,
): void {
  const period = Math.max(1, 2 * (steps - 1));
  for (let t = 0; t < size; t++) {
    const phase = t % period;
    const step = from + (phase < steps ? phase : period - phase);
    for (let band = 0; band < bands; band++) {
      out[offset + t * bands + band] = mel[step * bands + band];
    }
  }
}
