import {
  activeFrames,
  type FrameRange,
  intersection,
  MIN_ACTIVE_FRAMES,
  meanOverWindows,
  windowWeight,
} from '../windows.ts';
import { changesOf } from './changes.ts';
import { pausesOf, spokenRanges } from './pauses.ts';
import { type HeardWindows, stepsOf } from './steps.ts';
import { smooth } from './sticky-chain.ts';

/**
 * How long an emotion lasts on average (5 s, two or three sentences). It is far from delicate: with
 * made-up notes 3 to 6 s name the same share of their speech rightly to half a point.
 */
const EXPECTED_FRAMES = 250;

/** A part of a recording that is told as one thing. */
export interface Stretch extends FrameRange {
  readonly probabilities: Float64Array;
  /** Its frames in which something is heard. */
  readonly active: number;
}

/** Names what is told of probabilities; neighbours of one name are one stretch. */
export type Naming = (probabilities: Float64Array) => string | number;

/**
 * Turns what overlapping windows said into the stretches that a person would tell: in order, not
 * overlapping, neighbours of different names, nothing of pauses of 1.5 s or more. A hidden Markov
 * model decides where labels change; what is said of a stretch is the mean of the windows in it, as
 * of a recording of its own, so that the probabilities stay calibrated.
 *
 * @param name by default the class of the largest probability
 * @example
 * const stretches = timelineOf({ active, windows, posteriors, size });
 */
export function timelineOf(heard: HeardWindows, name: Naming = mostLikely): Stretch[] {
  const { active, windows } = heard;
  if (windows.length === 0) return [];
  const isOneWindow = active.length <= heard.size.frames;
  const ranges = isOneWindow ? [windows[0]] : decode(heard);
  const stretches = ranges
    .filter((range) => windows.some((window) => sharedFrames(window, range) > 0))
    .map((range) => judge(range, heard));
  return joinNeighbours(stretches, heard, name);
}

/** Returns the class of the largest probability, the first one on a tie. */
export function mostLikely(probabilities: Float64Array): number {
  return probabilities.indexOf(Math.max(...probabilities));
}

function decode(heard: HeardWindows): FrameRange[] {
  const { active, size } = heard;
  const steps = stepsOf(heard);
  const smoothed = smooth(
    steps.map(({ evidence }) => evidence),
    EXPECTED_FRAMES / (size.hop / 2),
  );
  // The most likely label of each step, not the most likely sequence: fewest seconds are wrong.
  const labels = smoothed.map(mostLikely);
  const changes = changesOf(steps, labels, pausesOf(active), size.frames / 2);
  return spokenRanges(active).flatMap((range) => cut(range, changes, active));
}

/** Cuts a range at the changes in it, but into no piece in which nearly nothing is heard. */
function cut(range: FrameRange, changes: readonly number[], active: Uint8Array): FrameRange[] {
  const pieces: FrameRange[] = [];
  let { from } = range;
  for (const to of changes) {
    const left = activeFrames(active, intersection(range, { from, to }));
    const right = activeFrames(active, intersection(range, { from: to, to: range.to }));
    if (Math.min(left, right) < MIN_ACTIVE_FRAMES) continue;
    pieces.push({ from, to });
    from = to;
  }
  return [...pieces, { from, to: range.to }];
}

/** Hears a range with the windows that lie in it best: those less than half inside tell of others. */
function judge(range: FrameRange, { active, windows, posteriors }: HeardWindows): Stretch {
  const shared = windows.map((window) => sharedFrames(window, range));
  const most = Math.max(...shared);
  const weights = windows.map((window, i) => {
    const inside = Math.max(0, (2 * shared[i]) / most - 1);
    return inside > 0 ? inside * windowWeight(active, intersection(window, range)) : 0;
  });
  const probabilities = meanOverWindows(posteriors, weights);
  return { ...range, probabilities, active: activeFrames(active, range) };
}

/** Joins neighbours that are told alike. The longer stretch is judged anew, hence once more. */
function joinNeighbours(
  stretches: readonly Stretch[],
  heard: HeardWindows,
  name: Naming,
): Stretch[] {
  const joined: Stretch[] = [];
  for (const stretch of stretches) {
    const last = joined.at(-1);
    const isSame =
      last?.to === stretch.from && name(last.probabilities) === name(stretch.probabilities);
    if (isSame) joined[joined.length - 1] = judge({ from: last.from, to: stretch.to }, heard);
    else joined.push(stretch);
  }
  return joined.length < stretches.length ? joinNeighbours(joined, heard, name) : joined;
}

function sharedFrames(a: FrameRange, b: FrameRange): number {
  const { from, to } = intersection(a, b);
  return to - from;
}
