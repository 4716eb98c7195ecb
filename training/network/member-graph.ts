import type { GraphBuilder, Value } from '../onnx/graph.ts';
import { appendNetwork } from '../onnx/network.ts';
import type { NetworkWeights } from './architecture.ts';
import { BAND_SHIFT, type BandScaling } from './batches.ts';

/** A trained network and what it expects its windows to be scaled by. */
export interface Member {
  readonly weights: NetworkWeights;
  readonly scaling: BandScaling;
}

/** Every shift that training draws: a window is heard as by speakers with higher and lower voices. */
const SHIFTS = Array.from({ length: 2 * BAND_SHIFT + 1 }, (_, i) => i - BAND_SHIFT);

/**
 * Appends one network as it is asked: log-mel windows in dB, [n, steps, bands], in; class
 * probabilities [n, classes] out. They are the mean over the window and its copies shifted by up to
 * BAND_SHIFT bands, over which training varied it too (test-time augmentation).
 */
export function appendMember(graph: GraphBuilder, windows: Value, member: Member): Value {
  const { weights, scaling } = member;
  const { classes, bands } = weights.shape;
  const copies = SHIFTS.map((shift) => appendShift(graph, windows, shift, bands));
  const all = graph.node('Concat', copies, { axis: { int: 0 } });
  const images = graph.node('Unsqueeze', [all, graph.integers([1])]);
  const logits = appendNetwork(graph, appendScaling(graph, images, scaling), weights);
  const said = graph.node('Softmax', [logits], { axis: { int: 1 } });
  const byShift = graph.node('Reshape', [said, graph.integers([SHIFTS.length, -1, classes])]);
  return graph.node('ReduceMean', [byShift, graph.integers([0])], { keepdims: { int: 0 } });
}

/** Moves every value `shift` bands up; the band at the edge fills what becomes free. */
function appendShift(graph: GraphBuilder, x: Value, shift: number, bands: number): Value {
  if (shift === 0) return x;
  const [from, to] = shift > 0 ? [0, bands - shift] : [-shift, bands];
  const kept = graph.node('Slice', [
    x,
    graph.integers([from]),
    graph.integers([to]),
    graph.integers([2]),
  ]);
  const pads = [0, 0, Math.max(0, shift), 0, 0, Math.max(0, -shift)];
  return graph.node('Pad', [kept, graph.integers(pads)], { mode: { string: 'edge' } });
}

function appendScaling(graph: GraphBuilder, x: Value, { mean, deviation }: BandScaling): Value {
  const centred = graph.node('Sub', [x, graph.constant([mean.length], mean)]);
  const inverse = deviation.map((value) => 1 / value);
  return graph.node('Mul', [centred, graph.constant([inverse.length], inverse)]);
}
