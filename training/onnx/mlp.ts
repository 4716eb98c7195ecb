import type { GraphBuilder, Value } from './graph.ts';

/** One affine map of every member: x · weight + bias. Batch normalisation is already folded in. */
export interface MlpLayer {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [members, inFeatures, outFeatures] in row-major order. */
  readonly weight: Float32Array;
  /** [members, outFeatures]. */
  readonly bias: Float32Array;
}

/**
 * A trained multilayer perceptron, or several that vote, as plain data that can be posted between
 * threads. Between the layers stands a ReLU; the probabilities are the mean of the members' softmax.
 */
export interface MlpModel {
  readonly kind: 'mlp';
  readonly members: number;
  readonly layers: readonly MlpLayer[];
}

/**
 * Adds the perceptron to a graph and returns the value of its probabilities.
 *
 * @param x value of [n, features], standardised as in training
 * @returns value of [n, classes]; every row sums to 1
 *
 * @example
 * const x = graph.input('features', ['n', 120]);
 * graph.output(appendMlp(graph, x, model), 'probabilities', ['n', 8]);
 */
export function appendMlp(graph: GraphBuilder, x: Value, { members, layers }: MlpModel): Value {
  const votes = Array.from({ length: members }, (_, member) => {
    const logits = layers.reduce((value, layer, i) => {
      const affine = appendLayer(graph, value, layer, member);
      return i < layers.length - 1 ? graph.node('Relu', [affine]) : affine;
    }, x);
    return graph.node('Softmax', [logits], { axis: { int: -1 } });
  });
  return members === 1 ? votes[0] : graph.node('Mean', votes);
}

function appendLayer(graph: GraphBuilder, x: Value, layer: MlpLayer, member: number): Value {
  const { inFeatures, outFeatures, weight, bias } = layer;
  const size = inFeatures * outFeatures;
  return graph.node('Gemm', [
    x,
    graph.constant([inFeatures, outFeatures], weight.subarray(member * size, (member + 1) * size)),
    graph.constant([outFeatures], bias.subarray(member * outFeatures, (member + 1) * outFeatures)),
  ]);
}
