import { MEL_ROWS } from '../../core/analyze.ts';
import { AUDIOSET_MEL, FEATURE_CONFIG } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { LOG_OFFSET } from '../../evaluation/calibration.ts';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { type NetworkWeights, VARIANCE_FLOOR, VOICE_CLASSES } from './architecture.ts';
import { EMBEDDING, graphOperators, inferBlocks } from './inference.ts';
import type { Scaling } from './scaling.ts';

export const MEL_INPUT = 'mel';
export const EMOTION_OUTPUT = 'probabilities';
export const VOICE_OUTPUT = 'voice';
/** Rows of a window. */
export const WINDOW_ROWS = FEATURE_CONFIG.networkWindow.frames * MEL_ROWS;

/**
 * Returns one ONNX graph from windows of the spectrogram, [n, rows, bands], to calibrated
 * probabilities [n, classes] and the probability that somebody speaks [n]: every network, the mean of
 * what they say, and its scaling.
 */
export function exportEnsemble(networks: readonly NetworkWeights[], scaling: Scaling): Uint8Array {
  const graph = new GraphBuilder('undertone');
  const windows = graph.input(MEL_INPUT, ['n', WINDOW_ROWS, AUDIOSET_MEL.bands]);
  const outputs = networks.map((network) => appendNetwork(graph, windows, network));
  const mean = (values: Value[]) => (values.length === 1 ? values[0] : graph.node('Mean', values));
  const emotion = mean(outputs.map(({ emotion }) => emotion));
  const voice = mean(outputs.map(({ voice }) => voice));
  const calibrated = appendScaling(graph, emotion, scaling);
  graph.output(calibrated, EMOTION_OUTPUT, ['n', EMOTION_COUNT]);
  graph.output(voice, VOICE_OUTPUT, ['n']);
  return graph.toBytes();
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
export function appendNetwork(
  graph: GraphBuilder,
  windows: Value,
  weights: NetworkWeights,
): { readonly emotion: Value; readonly voice: Value } {
  const operators = graphOperators(graph);
  const node = (operator: string, ...inputs: Value[]) => graph.node(operator, inputs);
  const image = node(
    'Unsqueeze',
    graph.node('Transpose', [windows], { perm: { ints: [0, 2, 1] } }),
    graph.integers([1]),
  );
  const body = inferBlocks(operators, image, weights);
  const last = operators.activate(operators.convolve(body, weights.last, 1), 'hard-swish');
  const reduce = (operator: string, x: Value, axis: number) =>
    graph.node(operator, [x, graph.integers([axis])], { keepdims: { int: 0 } });
  // [n, channels, steps]
  const map = reduce('ReduceMean', last, 2);
  const scores = node('MatMul', graph.constant([1, EMBEDDING], weights.attention), map);
  const shares = graph.node('Softmax', [scores], { axis: { int: 2 } });
  const average = reduce('ReduceSum', node('Mul', map, shares), 2);
  const power = reduce('ReduceSum', node('Mul', node('Mul', map, map), shares), 2);
  const variance = node('Relu', node('Sub', power, node('Mul', average, average)));
  const deviation = node('Sqrt', node('Add', variance, graph.scalar(VARIANCE_FLOOR)));
  const linear = (x: Value, { weight, bias }: NetworkWeights['emotion'], inputs: number) => {
    const dims = [bias.length, inputs];
    return graph.node(
      'Gemm',
      [x, graph.constant(dims, weight), graph.constant([bias.length], bias)],
      {
        transB: { int: 1 },
      },
    );
  };
  const pooled = graph.node('Concat', [average, deviation], { axis: { int: 1 } });
  const softmax = (logits: Value) => graph.node('Softmax', [logits], { axis: { int: 1 } });
  const voice = softmax(linear(average, weights.voice, EMBEDDING));
  return {
    emotion: softmax(linear(pooled, weights.emotion, 2 * EMBEDDING)),
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
