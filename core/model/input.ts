import { type Analysis, MEL_ROWS } from '../analyze.ts';
import { FEATURE_CONFIG } from '../features/config.ts';
import { functionals } from '../features/functionals.ts';
import { type FrameRange, type WindowSize, writeMelWindow } from '../windows.ts';
import type { InputKind } from './card.ts';

const { mel, networkWindow, functionalsWindow } = FEATURE_CONFIG;

/** What a model is fed for one window: an array for each of its inputs. */
export type ModelInput = readonly Float32Array[];

/** Returns how long the windows of a model are that looks at all of these. */
export function windowSizeOf(kinds: readonly InputKind[]): WindowSize {
  return kinds.includes('mel') ? networkWindow : functionalsWindow;
}

/** Returns what a model is fed for one window of a recording, in the order of the kinds. */
export function modelInput(
  kinds: readonly InputKind[],
  analysis: Analysis,
  range: FrameRange,
): ModelInput {
  return kinds.map((kind) =>
    kind === 'mel'
      ? melOf(analysis, range)
      : functionals(analysis, contextOf(range, analysis.frames)),
  );
}

/** The mel spectrogram of a window, rows × bands. */
function melOf(analysis: Analysis, { from, to }: FrameRange): Float32Array {
  const { bands } = mel;
  const rows = networkWindow.frames * MEL_ROWS;
  const window = new Float32Array(rows * bands);
  const steps = (to - from) * MEL_ROWS;
  writeMelWindow({ mel: analysis.mel, bands, from: from * MEL_ROWS, steps }, rows, window);
  return window;
}

/** Functionals need longer stretches than networks: a short window's are those of what is around it. */
function contextOf({ from, to }: FrameRange, frames: number): FrameRange {
  const size = Math.min(frames, Math.max(functionalsWindow.frames, to - from));
  const centred = Math.round((from + to - size) / 2);
  const start = Math.min(Math.max(0, centred), frames - size);
  return { from: start, to: start + size };
}
