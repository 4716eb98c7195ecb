import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { appendNetwork } from '../onnx/network.ts';
import { appendTemperature, OUTPUT_NAME } from '../pipeline/export.ts';
import type { BandScaling } from './batches.ts';
import type { NetworkResult } from './network-task.ts';

export const LOG_MEL_INPUT = 'log_mel';

/**
 * Returns one ONNX graph from log-mel windows in dB, [n, steps, bands], to calibrated probabilities:
 * scaling, every member, the mean of what they say, and the temperature.
 */
export function exportNetworks(
  members: readonly Pick<NetworkResult, 'weights' | 'scaling'>[],
  temperature: number,
): Uint8Array {
  const graph = new GraphBuilder('undertone');
  const { networkWindow, logMel } = FEATURE_CONFIG;
  const windows = graph.input(LOG_MEL_INPUT, ['n', networkWindow.frames, logMel.bands]);
  const images = graph.node('Unsqueeze', [windows, graph.integers([1])]);
  const said = members.map(({ weights, scaling }) => {
    const logits = appendNetwork(graph, appendScaling(graph, images, scaling), weights);
    return graph.node('Softmax', [logits], { axis: { int: 1 } });
  });
  const mean = said.length > 1 ? graph.node('Mean', said) : said[0];
  const calibrated = appendTemperature(graph, mean, temperature);
  graph.output(calibrated, OUTPUT_NAME, ['n', EMOTION_COUNT]);
  return graph.toBytes();
}

function appendScaling(graph: GraphBuilder, x: Value, { mean, deviation }: BandScaling): Value {
  const centred = graph.node('Sub', [x, graph.constant([mean.length], mean)]);
  const inverse = deviation.map((value) => 1 / value);
  return graph.node('Mul', [centred, graph.constant([inverse.length], inverse)]);
}
