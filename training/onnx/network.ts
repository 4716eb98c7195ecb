import {
  type NetworkWeights,
  STAGE_POOLING,
  STEM_POOLING,
  STEM_STRIDE,
  VARIANCE_FLOOR,
} from '../network/architecture.ts';
import type { GraphBuilder, Value } from './graph.ts';

/**
 * Appends a trained network: normalised log-mel windows [n, 1, steps, bands] in, logits [n, classes]
 * out. It is the network of training/network/architecture.ts without what only training needs.
 */
export function appendNetwork(graph: GraphBuilder, x: Value, weights: NetworkWeights): Value {
  const { stem, stages, shape } = weights;
  const channels = stem.dims[0];
  let map = graph.node('Conv', [x, graph.constant(stem.dims, stem.weight)], {
    ...convolution(stem.dims),
    strides: { ints: STEM_STRIDE },
  });
  map = pool(graph, map, STEM_POOLING);
  map = graph.node('Mul', [map, graph.constant([1, channels, 1, 1], stem.slope)]);
  map = graph.node('Add', [map, graph.constant([1, channels, 1, 1], stem.offset)]);
  map = graph.node('Relu', [map]);
  stages.forEach(([widen, residual], i) => {
    const [rows, columns] = STAGE_POOLING[i];
    if (rows * columns > 1) map = pool(graph, map, STAGE_POOLING[i]);
    const convolve = (input: Value, { dims, weight, bias }: typeof widen) =>
      graph.node(
        'Conv',
        [input, graph.constant(dims, weight), graph.constant([dims[0]], bias)],
        convolution(dims),
      );
    map = graph.node('Relu', [convolve(map, widen)]);
    map = graph.node('Relu', [graph.node('Add', [map, convolve(map, residual)])]);
  });
  return appendHead(graph, map, weights, shape.embedding);
}

function appendHead(
  graph: GraphBuilder,
  map: Value,
  { embedding, attention, head, shape: { classes } }: NetworkWeights,
  size: number,
): Value {
  const inputs = embedding.weight.length / size;
  const stepsFirst = graph.node('Transpose', [map], { perm: { ints: [0, 2, 1, 3] } });
  const folded = graph.node('Reshape', [stepsFirst, graph.integers([0, 0, inputs])]);
  const linear = (x: Value, rows: number, columns: number, weight: Float32Array) =>
    graph.node('MatMul', [x, graph.constant([rows, columns], weight)]);
  const projected = linear(folded, inputs, size, embedding.weight);
  const embedded = graph.node('Relu', [
    graph.node('Add', [projected, graph.constant([size], embedding.bias)]),
  ]);
  const scores = graph.node('Softmax', [linear(embedded, size, 1, attention)], {
    axis: { int: 1 },
  });
  const average = (x: Value) =>
    graph.node('ReduceSum', [graph.node('Mul', [x, scores]), graph.integers([1])], {
      keepdims: { int: 0 },
    });
  const mean = average(embedded);
  const power = average(graph.node('Mul', [embedded, embedded]));
  const variance = graph.node('Sub', [power, graph.node('Mul', [mean, mean])]);
  const raised = graph.node('Add', [variance, graph.scalar(VARIANCE_FLOOR)]);
  const deviation = graph.node('Sqrt', [graph.node('Relu', [raised])]);
  const sum = graph.node('Add', [
    linear(mean, size, classes, head.mean),
    linear(deviation, size, classes, head.deviation),
  ]);
  return graph.node('Add', [sum, graph.constant([classes], head.bias)]);
}

function convolution(dims: readonly number[]) {
  const [height, width] = dims.slice(2);
  const padding = [(height - 1) / 2, (width - 1) / 2];
  return { kernel_shape: { ints: [height, width] }, pads: { ints: [...padding, ...padding] } };
}

function pool(graph: GraphBuilder, x: Value, size: readonly number[]): Value {
  return graph.node('MaxPool', [x], { kernel_shape: { ints: size }, strides: { ints: size } });
}
