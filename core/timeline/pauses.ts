import { activeFrames, type FrameRange, MIN_ACTIVE_FRAMES } from '../windows.ts';

/** Silence within words, before a p or a t, is shorter than this (0.16 s). */
const MIN_PAUSE_FRAMES = 8;
/** Silence that ends what is being said, rather than a breath in it (1.5 s). */
const LONG_PAUSE_FRAMES = 75;

/** Returns the pauses of a span, in order: where nothing is heard for at least 0.16 s. */
export function pausesOf(active: Uint8Array): FrameRange[] {
  return silences(active, MIN_PAUSE_FRAMES);
}

/**
 * Returns the stretches of a span between pauses of 1.5 s or more; those in which nearly nothing is
 * heard are left out. Padding at both ends of the span belongs to the speech beside it.
 */
export function spokenRanges(active: Uint8Array): FrameRange[] {
  const long = silences(active, LONG_PAUSE_FRAMES);
  const starts = [0, ...long.map(({ to }) => to)];
  const ends = [...long.map(({ from }) => from), active.length];
  return starts
    .map((from, i) => ({ from, to: ends[i] }))
    .filter((range) => activeFrames(active, range) >= MIN_ACTIVE_FRAMES);
}

/** Runs of inactive frames of some length at least. */
function silences(active: Uint8Array, shortest: number): FrameRange[] {
  const found: FrameRange[] = [];
  let from = 0;
  for (let t = 0; t <= active.length; t++) {
    if (t < active.length && active[t] === 0) continue;
    if (t - from >= shortest) found.push({ from, to: t });
    from = t + 1;
  }
  return found;
}
