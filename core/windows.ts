import type { Analysis } from './analyze.ts';

/** Windows and segments with fewer active frames than this say nothing (0.24 s). */
const MIN_ACTIVE_FRAMES = 12;

/** A stretch of the speech span in frames: `from` up to but not including `to`. */
export interface FrameRange {
  readonly from: number;
  readonly to: number;
}

/** How many frames a model sees at once, and how far its windows are apart. */
export interface WindowSize {
  readonly frames: number;
  readonly hop: number;
}

/**
 * Returns the model windows of a span: one when it fits, else overlapping windows at every hop, the
 * last of which ends where the span ends. Windows in which nearly nothing is heard are left out.
 */
export function modelWindows({ features, active }: Analysis, window: WindowSize): FrameRange[] {
  const { frames: size, hop } = window;
  const { frames } = features;
  if (frames <= size) return [{ from: 0, to: frames }];
  const count = 1 + Math.ceil((frames - size) / hop);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.min(i * hop, frames - size);
    return { from, to: from + size };
  }).filter((range) => activeFrames(active, range) >= MIN_ACTIVE_FRAMES);
}

/**
 * Cuts the span into segments that do not overlap, one window hop long each, the last one up to
 * twice that. A span that fits one window is one segment. Silent segments are left out.
 */
export function timelineSegments({ features, active }: Analysis, window: WindowSize): FrameRange[] {
  const { frames: size, hop } = window;
  const { frames } = features;
  if (frames <= size) return [{ from: 0, to: frames }];
  const count = Math.floor(frames / hop);
  return Array.from({ length: count }, (_, i) => ({
    from: i * hop,
    to: i === count - 1 ? frames : (i + 1) * hop,
  })).filter((segment) => activeFrames(active, segment) >= MIN_ACTIVE_FRAMES);
}

/** Number of frames in a range in which something is heard. */
export function activeFrames(active: Uint8Array, { from, to }: FrameRange): number {
  let count = 0;
  for (let t = from; t < to; t++) count += active[t];
  return count;
}

/** Number of frames that two ranges share. */
export function overlap(a: FrameRange, b: FrameRange): number {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
}
