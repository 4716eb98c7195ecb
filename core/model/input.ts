import type { Analysis } from '../analyze.ts';
import { FEATURE_CONFIG } from '../features/config.ts';
import { functionals } from '../features/functionals.ts';
import { writeLogMelWindow } from '../features/log-mel-window.ts';
import type { FrameRange, WindowSize } from '../windows.ts';
import type { InputKind } from './card.ts';

const { logMel, networkWindow, functionalsWindow } = FEATURE_CONFIG;

/** Returns how long the windows of a model are. */
export function windowSizeOf(kind: InputKind): WindowSize {
  return kind === 'log-mel' ? networkWindow : functionalsWindow;
}

/**
 * Returns what a model is fed for one window of a recording: its functionals, or its log-mel
 * spectrogram in dB (steps × bands, flat).
 */
export function modelInput(kind: InputKind, analysis: Analysis, range: FrameRange): Float32Array {
  if (kind === 'functionals') return functionals(analysis, range);
  const { frames } = networkWindow;
  const { bands } = logMel;
  const window = new Float32Array(frames * bands);
  const excerpt = {
    logMel: analysis.features.logMel,
    bands,
    from: range.from,
    steps: range.to - range.from,
  };
  writeLogMelWindow(excerpt, frames, window);
  return window;
}
