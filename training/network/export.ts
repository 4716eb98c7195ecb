import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { LOG_OFFSET } from '../../evaluation/calibration.ts';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { type NetworkWeights, VARIANCE_FLOOR, VOICE_CLASSES } from './architecture.ts';
import { appendWindows, type Windows } from './graph-input.ts';
import {
  averagePool,
  EMBEDDING,
  graphOperators,
  inferBlocks,
  MAP_SHAPES,
  type Operators,
} from './inference.ts';
import type { Probe } from './probe.ts';
import type { Scaling } from './scaling.ts';

export const EMOTION_OUTPUT = 'probabilities';
export const VOICE_OUTPUT = 'voice';

/** What predicts together: fine-tuned networks, and linear probes of published ones. */
export interface Ensemble {
  readonly networks: readonly NetworkWeights[];
  /** None where nothing was published to begin with. */
  readonly probes: readonly Probe[];
}

/**
 * Returns one ONNX graph from windows of the spectrogram, [n, rows, bands], to probabilities
 * [n, classes] and the probability that somebody speaks [n]: the mean of what the networks say, then
 * the mean of that and of what each probe says.
 *
 * @param scaling calibrates the probabilities; null leaves them as they are
 */
export function exportEnsemble(
  { networks, probes }: Ensemble,
  scaling: Scaling | null,
): Uint8Array {
  const graph = new GraphBuilder('undertone');
  const windows = appendWindows(graph);
  const operators = graphOperators(graph);
  const outputs = networks.map((network) =>
    appendNetwork(graph, operators, windows.images, network),
  );
  const mean = (values: Value[]) => (values.length === 1 ? values[0] : graph.node('Mean', values));
  const tuned = mean(outputs.map(({ emotion }) => emotion));
  const voice = mean(outputs.map(({ voice }) => voice));
  const emotion = mean([
    tuned,
    ...probes.map((probe) => appendProbe(graph, operators, windows, probe)),
  ]);
  const calibrated = scaling ? appendScaling(graph, emotion, scaling) : emotion;
  graph.output(calibrated, EMOTION_OUTPUT, ['n', EMOTION_COUNT]);
  graph.output(voice, VOICE_OUTPUT, ['n']);
  return graph.toBytes();
}

function appendProbe(
  graph: GraphBuilder,
  operators: Operators<Value>,
  windows: Windows,
  { network, weight, bias }: Probe,
): Value {
  const activations = network.append(graph, windows, operators);
  return softmax(graph, appendLinear(graph, activations, { weight, bias }));
}

/** softmax(log(p + LOG_OFFSET) / temperature + bias); see scaling.ts. */
function appendScaling(
  graph: GraphBuilder,
  probabilities: Value,
  { temperature, bias }: Scaling,
): Value {
  const positive = graph.node('Add', [probabilities, graph.scalar(LOG_OFFSET)]);
  const sharpened = graph.node('Mul', [
    graph.node('Log', [positive]),
    graph.scalar(1 / temperature),
  ]);
  const shifted = graph.node('Add', [
    sharpened,
    graph.constant([bias.length], Float32Array.from(bias)),
  ]);
  return graph.node('Softmax', [shifted], { axis: { int: 1 } });
}

/** Appends a network; returns class probabilities [n, classes] and that of a voice [n]. */
function appendNetwork(
  graph: GraphBuilder,
  operators: Operators<Value>,
  image: Value,
  weights: NetworkWeights,
): { readonly emotion: Value; readonly voice: Value } {
  const node = (operator: string, ...inputs: Value[]) => graph.node(operator, inputs);
  const body = inferBlocks(operators, image, weights);
  const last = operators.convolve(body, weights.last, 1, 'hard-swish');
  const reduce = (operator: string, x: Value, axis: number) =>
    graph.node(operator, [x, graph.integers([axis])], { keepdims: { int: 0 } });
  // [n, channels, steps]
  const { bands } = MAP_SHAPES[MAP_SHAPES.length - 1];
  const map = node('Squeeze', averagePool(graph, last, [bands, 1]), graph.integers([2]));
  const scores = node('MatMul', graph.constant([1, EMBEDDING], weights.attention), map);
  const shares = graph.node('Softmax', [scores], { axis: { int: 2 } });
  const average = reduce('ReduceSum', node('Mul', map, shares), 2);
  const power = reduce('ReduceSum', node('Mul', node('Mul', map, map), shares), 2);
  const variance = node('Relu', node('Sub', power, node('Mul', average, average)));
  const deviation = node('Sqrt', node('Add', variance, graph.scalar(VARIANCE_FLOOR)));
  const pooled = graph.node('Concat', [average, deviation], { axis: { int: 1 } });
  const voice = softmax(graph, appendLinear(graph, average, weights.voice));
  return {
    emotion: softmax(graph, appendLinear(graph, pooled, weights.emotion)),
    voice: node(
      'Squeeze',
      graph.node('Slice', [
        voice,
        graph.integers([VOICE_CLASSES - 1]),
        graph.integers([VOICE_CLASSES]),
        graph.integers([1]),
      ]),
      graph.integers([1]),
    ),
  };
}

/** Appends weight · x + bias for every row x. */
function appendLinear(
  graph: GraphBuilder,
  x: Value,
  { weight, bias }: NetworkWeights['emotion'],
): Value {
  const outputs = bias.length;
  const parameters = [
    graph.constant([outputs, weight.length / outputs], weight),
    graph.constant([outputs], bias),
  ];
  return graph.node('Gemm', [x, ...parameters], { transB: { int: 1 } });
}

function softmax(graph: GraphBuilder, logits: Value): Value {
  return graph.node('Softmax', [logits], { axis: { int: 1 } });
}
