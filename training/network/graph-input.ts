import '../../core/model/telemetry.ts';
import { TensorProto_DataType as DataType } from 'onnx-buf';
import { Tensor } from 'onnxruntime-node';
import { AUDIOSET_MEL } from '../../core/features/config.ts';
import type { ModelCard } from '../../core/model/card.ts';
import { WINDOW_ROWS } from '../../core/model/input.ts';
import type { GraphBuilder, Value } from '../onnx/graph.ts';

const { bands } = AUDIOSET_MEL;
/** The inputs of every graph that looks at windows. */
export const INPUTS: ModelCard['inputs'] = [
  { name: 'mel', kind: 'mel', shape: [bands] },
  { name: 'starts', kind: 'starts', shape: [] },
];

/** The windows that a graph predicts, n of them, and the stretch of spectrogram in which they lie. */
export interface Windows {
  /** [1, 1, bands, rows] */
  readonly stretch: Value;
  /** The row at which each window starts, [n]. */
  readonly starts: Value;
  /** [n, 1, bands, WINDOW_ROWS] */
  readonly images: Value;
}

/** Declares the inputs of a graph: the rows of a stretch, [rows, bands], and the starts of its windows, [n]. */
export function appendWindows(graph: GraphBuilder): Windows {
  const mel = graph.input('mel', ['rows', bands]);
  const starts = graph.input('starts', ['n']);
  const node = (operator: string, ...inputs: Value[]) => graph.node(operator, inputs);
  const offsets = Float32Array.from({ length: WINDOW_ROWS }, (_, i) => i);
  const rows = node(
    'Add',
    node('Unsqueeze', starts, graph.integers([1])),
    graph.constant([WINDOW_ROWS], offsets),
  );
  const windows = node('Gather', mel, graph.node('Cast', [rows], { to: { int: DataType.INT64 } }));
  const transposed = (x: Value, perm: readonly number[]) =>
    graph.node('Transpose', [x], { perm: { ints: perm } });
  return {
    stretch: node('Unsqueeze', transposed(mel, [1, 0]), graph.integers([0, 1])),
    starts,
    images: node('Unsqueeze', transposed(windows, [0, 2, 1]), graph.integers([1])),
  };
}

/** Returns what a graph is fed for windows that have nothing to do with each other, end to end. */
export function feedsOf(windows: readonly Float32Array[]): Record<string, Tensor> {
  const mel = new Float32Array(windows.length * WINDOW_ROWS * bands);
  for (const [i, window] of windows.entries()) mel.set(window, i * window.length);
  const starts = Float32Array.from(windows, (_, i) => i * WINDOW_ROWS);
  return {
    mel: new Tensor('float32', mel, [windows.length * WINDOW_ROWS, bands]),
    starts: new Tensor('float32', starts, [windows.length]),
  };
}
