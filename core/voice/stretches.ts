import { activeFrames, type FrameRange } from '../windows.ts';

/** A stretch is this long and begins this long after the one before, in frames (2 s, 1 s). */
const SIZE = 100;
const HOP = 50;
/** A stretch in which less is heard than this is not judged, in frames (100 ms): a short "no" has more. */
const MIN_HEARD = 5;

/**
 * Cuts a recording into the overlapping stretches that are judged one by one, so that a few spoken
 * words count however much noise surrounds them. A short recording is one stretch; those in which
 * nearly nothing is heard are left out.
 *
 * @param active 1 for every frame in which something is heard
 */
export function stretches(active: Uint8Array): FrameRange[] {
  const frames = active.length;
  const count = frames <= SIZE ? 1 : 1 + Math.ceil((frames - SIZE) / HOP);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.max(0, Math.min(i * HOP, frames - SIZE));
    return { from, to: Math.min(frames, from + SIZE) };
  }).filter((range) => activeFrames(active, range) >= MIN_HEARD);
}
