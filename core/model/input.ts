import { type Analysis, MEL_ROWS } from '../analyze.ts';
import { AUDIOSET_MEL, FEATURE_CONFIG } from '../features/config.ts';
import { functionals } from '../features/functionals.ts';
import { type FrameRange, type WindowSize, writeMelWindow } from '../windows.ts';
import type { InputKind } from './card.ts';

const { networkWindow, functionalsWindow } = FEATURE_CONFIG;
const { bands } = AUDIOSET_MEL;
/** Rows of the spectrogram in the window of a network. */
export const WINDOW_ROWS = networkWindow.frames * MEL_ROWS;
/** Windows of one call: more take memory, which counts in a small Lambda, and save little time. */
const MOST_WINDOWS = 4;

/** Returns how long the windows of a model are that looks at all of these. */
export function windowSizeOf(kinds: readonly InputKind[]): WindowSize {
  return kinds.includes('mel') ? networkWindow : functionalsWindow;
}

/**
 * Returns the windows in groups of those that overlap. What a network makes of each row by itself is
 * computed once for a group, and not again for every window.
 *
 * @param windows in order
 */
export function stretchesOf(windows: readonly FrameRange[]): FrameRange[][] {
  const stretches: FrameRange[][] = [];
  for (const window of windows) {
    const last = stretches.at(-1);
    if (last && last.length < MOST_WINDOWS && window.from < last[last.length - 1].to) {
      last.push(window);
    } else stretches.push([window]);
  }
  return stretches;
}

/** Returns one input of a model for some windows that overlap, as its kind in core/model/card.ts says. */
export function modelInput(
  kind: InputKind,
  speech: Analysis,
  windows: readonly FrameRange[],
): Float32Array {
  switch (kind) {
    case 'mel':
      return melOf(speech, windows);
    case 'starts':
      return Float32Array.from(windows, ({ from }) => (from - windows[0].from) * MEL_ROWS);
    case 'functionals': {
      const rows = windows.map((window) => functionals(speech, contextOf(window, speech.frames)));
      const all = new Float32Array(rows.length * rows[0].length);
      for (const [i, row] of rows.entries()) all.set(row, i * row.length);
      return all;
    }
  }
}

/** The rows from the first window to the end of the last; of a short one so many as a window has. */
function melOf({ mel }: Analysis, windows: readonly FrameRange[]): Float32Array {
  const [first, last] = [windows[0], windows[windows.length - 1]];
  const from = first.from * MEL_ROWS;
  const steps = (first.to - first.from) * MEL_ROWS;
  if (steps >= WINDOW_ROWS) {
    return mel.subarray(from * bands, (last.from * MEL_ROWS + WINDOW_ROWS) * bands);
  }
  const window = new Float32Array(WINDOW_ROWS * bands);
  writeMelWindow({ mel, bands, from, steps }, WINDOW_ROWS, window);
  return window;
}

/** Functionals need longer stretches than networks: a short window's are those of what is around it. */
function contextOf({ from, to }: FrameRange, frames: number): FrameRange {
  const size = Math.min(frames, Math.max(functionalsWindow.frames, to - from));
  const centred = Math.round((from + to - size) / 2);
  const start = Math.min(Math.max(0, centred), frames - size);
  return { from: start, to: start + size };
}
