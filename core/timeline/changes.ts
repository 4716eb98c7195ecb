import type { FrameRange } from '../windows.ts';
import type { Step } from './steps.ts';

/** A change may take this share of the shorter stretch beside it, so that none is squeezed out. */
const LARGEST_SHARE = 0.4;

/**
 * Returns where one label ends and the next begins, in frames: between the steps, or in the middle
 * of the nearest pause where one is close, since people change between sentences and rarely in a
 * word.
 *
 * @param labels one for each step
 * @param reach how far a change is moved at most, in frames
 */
export function changesOf(
  steps: readonly Step[],
  labels: ArrayLike<number>,
  pauses: readonly FrameRange[],
  reach: number,
): number[] {
  const inner = steps.filter((_, i) => i > 0 && labels[i] !== labels[i - 1]);
  const edges = [0, ...inner.map(({ from }) => from), steps.at(-1)?.to ?? 0];
  return inner.map(({ from }, i) => {
    const shorter = Math.min(from - edges[i], edges[i + 2] - from);
    return intoPause(from, pauses, Math.min(reach, LARGEST_SHARE * shorter));
  });
}

function intoPause(change: number, pauses: readonly FrameRange[], reach: number): number {
  let moved = change;
  let nearest = reach;
  for (const { from, to } of pauses) {
    const middle = Math.floor((from + to) / 2);
    const distance = Math.abs(middle - change);
    if (distance > nearest) continue;
    moved = middle;
    nearest = distance;
  }
  return moved;
}
