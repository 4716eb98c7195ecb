import type { FrameRange } from '../windows.ts';
import type { Step } from './steps.ts';

/** A change may take this share of the stretch that it moves into, so that none is squeezed out. */
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
  return inner.map(({ from: change }, i) => {
    const before = change - edges[i];
    const after = edges[i + 2] - change;
    const middles = pauses
      .map(({ from, to }) => Math.floor((from + to) / 2))
      .filter((middle) => {
        const room = LARGEST_SHARE * (middle < change ? before : after);
        return Math.abs(middle - change) <= Math.min(reach, room);
      });
    const distances = middles.map((middle) => Math.abs(middle - change));
    return middles[distances.indexOf(Math.min(...distances))] ?? change;
  });
}
