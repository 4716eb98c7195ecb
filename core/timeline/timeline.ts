import {
  activeFrames,
  type FrameRange,
  intersection,
  MIN_ACTIVE_FRAMES,
  meanOverWindows,
  type WindowSize,
  windowWeight,
} from '../windows.ts';
import { smooth } from './sticky-chain.ts';

/**
 * How long an emotion lasts on average (5 s, two or three sentences). The value is not critical: on
 * synthetic notes, anything from 3 to 6 s labels the same share of the speech correctly to within
 * half a point.
 */
const EXPECTED_FRAMES = 250;
/**
 * Speech this far apart counts as independent evidence (0.5 s). Windows overlap and steps share them,
 * so no length is exact: at half of it single windows flicker, at twice of it a change of 2.5 s, the
 * length of a window, is taken for a slip.
 */
const INDEPENDENT_FRAMES = 25;
/** No window is believed more than a hundred to one, so that a single one never outweighs its neighbours. */
const MIN_PROBABILITY = 0.01;
/** A change moves by at most this share of the stretch it moves into, so that none is squeezed out. */
const MAX_MOVE = 0.4;
/** Silence within a word, before a p or a t, is shorter than this (0.16 s). */
const MIN_PAUSE_FRAMES = 8;
/** Silence that ends an utterance, rather than a breath within it (1.5 s). */
const LONG_PAUSE_FRAMES = 75;

/** The model's output for the windows of a recording, and where in it there is sound. */
export interface WindowPosteriors {
  /** 1 for every frame of the span that is active. */
  readonly active: Uint8Array;
  readonly windows: readonly FrameRange[];
  /** The probability of each class, for every window. */
  readonly posteriors: readonly Float64Array[];
  readonly size: WindowSize;
}

/** A part of a recording that has one label. */
export interface Stretch extends FrameRange {
  readonly probabilities: Float64Array;
  /** The number of its active frames. */
  readonly active: number;
}

/** Names the label of some probabilities; neighbours with the same name become one stretch. */
export type Naming = (probabilities: Float64Array) => string | number;

/**
 * Turns the posteriors of overlapping windows into stretches as a person would describe them: in
 * order, not overlapping, no two neighbours with the same name, and without pauses of 1.5 s or more. A
 * hidden Markov model decides where labels change; the probabilities of a stretch are the mean of its
 * windows, as for a recording of its own, so that they stay calibrated.
 *
 * @param name by default the class with the largest probability
 * @example
 * const stretches = timelineOf({ active, windows, posteriors, size });
 */
export function timelineOf(input: WindowPosteriors, name: Naming = mostLikely): Stretch[] {
  const { active, windows } = input;
  if (windows.length === 0) return [];
  const { frames, step = 1 } = input.size;
  const isOneWindow = active.length < frames + step;
  const ranges = isOneWindow ? [{ from: 0, to: active.length }] : segment(input);
  const stretches = ranges
    .filter((range) => windows.some((window) => sharedFrames(window, range) > 0))
    .map((range) => judge(range, input));
  return joinNeighbours(stretches, input, name);
}

/** Returns the class with the largest probability, the first one on a tie. */
export function mostLikely(probabilities: Float64Array): number {
  return probabilities.indexOf(Math.max(...probabilities));
}

/** Cuts a recording where its label changes and at long pauses. */
function segment(input: WindowPosteriors): FrameRange[] {
  const { active, size } = input;
  const steps = stepsOf(input);
  const smoothed = smooth(
    steps.map(({ evidence }) => evidence),
    EXPECTED_FRAMES / (size.hop / 2),
  );
  // The most likely label of each step, not the most likely sequence: fewest seconds are wrong.
  const labels = smoothed.map(mostLikely);
  const changes = changesOf(steps, labels, silences(active, MIN_PAUSE_FRAMES), size.frames / 2);
  return spokenRanges(active).flatMap((range) => cut(range, changes, active));
}

/** A short piece of the span. */
interface Step extends FrameRange {
  /** The log-likelihood of what is heard in it under each class, up to a constant. */
  readonly evidence: Float64Array;
}

/**
 * Cuts the span into steps of half a hop and weighs the evidence in each: the weighted geometric
 * mean of the windows around it (a logarithmic opinion pool, Genest & Zidek 1986, Statistical
 * Science 1(1)), with a triangle that falls from the centre of a window to its ends. A step counts
 * in proportion to the speech it holds; silence says nothing.
 */
export function stepsOf({ active, windows, posteriors, size }: WindowPosteriors): Step[] {
  const length = size.hop / 2;
  const classes = posteriors[0].length;
  return Array.from({ length: Math.ceil(active.length / length) }, (_, i) => {
    const range = { from: i * length, to: Math.min((i + 1) * length, active.length) };
    const evidence = new Float64Array(classes);
    let total = 0;
    windows.forEach((window, w) => {
      const weight = 1 - Math.abs(centre(window) - centre(range)) / (size.frames / 2);
      if (weight <= 0) return;
      total += weight;
      posteriors[w].forEach((p, k) => {
        evidence[k] += weight * Math.log(Math.max(p, MIN_PROBABILITY));
      });
    });
    const speech = activeFrames(active, range) / INDEPENDENT_FRAMES;
    return { ...range, evidence: evidence.map((e) => (total > 0 ? (speech * e) / total : 0)) };
  });
}

/**
 * Returns where one label ends and the next begins, in frames: between the steps, or in the middle
 * of the nearest pause if one is close, since people change between sentences and rarely within a
 * word.
 *
 * @param labels one for each step
 * @param reach how far a change may move, in frames
 */
function changesOf(
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
      .map((pause) => Math.floor(centre(pause)))
      .filter((middle) => {
        const room = MAX_MOVE * (middle < change ? before : after);
        return Math.abs(middle - change) <= Math.min(reach, room);
      });
    const distances = middles.map((middle) => Math.abs(middle - change));
    return middles[distances.indexOf(Math.min(...distances))] ?? change;
  });
}

/**
 * Returns the stretches of a span between pauses of 1.5 s or more, leaving out those with hardly any
 * sound. Padding at both ends of the span belongs to the speech beside it.
 */
export function spokenRanges(active: Uint8Array): FrameRange[] {
  const long = silences(active, LONG_PAUSE_FRAMES);
  const starts = [0, ...long.map(({ to }) => to)];
  const ends = [...long.map(({ from }) => from), active.length];
  return starts
    .map((from, i) => ({ from, to: ends[i] }))
    .filter((range) => activeFrames(active, range) >= MIN_ACTIVE_FRAMES);
}

/** Returns the runs of at least `shortest` inactive frames, in order. */
function silences(active: Uint8Array, shortest: number): FrameRange[] {
  const found: FrameRange[] = [];
  let from = 0;
  // The end is no silence.
  for (let t = 0; t <= active.length; t++) {
    if (active[t] === 0) continue;
    if (t - from >= shortest) found.push({ from, to: t });
    from = t + 1;
  }
  return found;
}

/** Cuts a range at the changes within it, but never into a piece with hardly any sound. */
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

/** Averages the windows that fit a range best; those less than half inside belong to its neighbours. */
function judge(range: FrameRange, { active, windows, posteriors }: WindowPosteriors): Stretch {
  const shared = windows.map((window) => sharedFrames(window, range));
  const most = Math.max(...shared);
  const weights = windows.map((window, i) => {
    const inside = Math.max(0, (2 * shared[i]) / most - 1);
    return inside > 0 ? inside * windowWeight(active, intersection(window, range)) : 0;
  });
  const probabilities = meanOverWindows(posteriors, weights);
  return { ...range, probabilities, active: activeFrames(active, range) };
}

/** Joins neighbours with the same name. The longer stretch is judged anew, which may join it again. */
function joinNeighbours(
  stretches: readonly Stretch[],
  input: WindowPosteriors,
  name: Naming,
): Stretch[] {
  const joined: Stretch[] = [];
  for (const stretch of stretches) {
    const last = joined.at(-1);
    const isSame =
      last?.to === stretch.from && name(last.probabilities) === name(stretch.probabilities);
    if (isSame) joined[joined.length - 1] = judge({ from: last.from, to: stretch.to }, input);
    else joined.push(stretch);
  }
  return joined.length < stretches.length ? joinNeighbours(joined, input, name) : joined;
}

function sharedFrames(a: FrameRange, b: FrameRange): number {
  const { from, to } = intersection(a, b);
  return to - from;
}

function centre({ from, to }: FrameRange): number {
  return (from + to) / 2;
}
