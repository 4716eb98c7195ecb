import { activeFrames, type FrameRange, type WindowSize } from '../windows.ts';

/** What the windows of a recording said, and where in it something is heard. */
export interface HeardWindows {
  /** 1 for every frame of the span in which something is heard. */
  readonly active: Uint8Array;
  readonly windows: readonly FrameRange[];
  /** For every window the probability of each class. */
  readonly posteriors: readonly Float64Array[];
  readonly size: WindowSize;
}

/** A short piece of the span, all of one label. */
export interface Step extends FrameRange {
  /** Logarithm of how well each class explains what is heard in it, up to a constant. */
  readonly evidence: Float64Array;
}

/**
 * Speech this far apart counts as heard independently (0.5 s). Windows overlap and steps share them,
 * so no length is exact: half of it lets single windows flicker, twice of it takes a change of 2.5 s,
 * the length of a window, for a slip.
 */
const INDEPENDENT_FRAMES = 25;
/** No window is believed more than a hundred to one, so that one alone outweighs no neighbours. */
const LEAST_PROBABILITY = 0.01;

/**
 * Cuts the span into steps of half a hop and tells what is heard in each: the weighted geometric
 * mean of the windows around it (a logarithmic opinion pool, Genest & Zidek 1986, Statistical
 * Science 1(1)), with a triangle that falls from a window's centre to its ends. A step counts as
 * much as it holds speech; one of silence says nothing.
 */
export function stepsOf({ active, windows, posteriors, size }: HeardWindows): Step[] {
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
        evidence[k] += weight * Math.log(Math.max(p, LEAST_PROBABILITY));
      });
    });
    const speech = activeFrames(active, range) / INDEPENDENT_FRAMES;
    return { ...range, evidence: evidence.map((e) => (total > 0 ? (speech * e) / total : 0)) };
  });
}

function centre({ from, to }: FrameRange): number {
  return (from + to) / 2;
}
