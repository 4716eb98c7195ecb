import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { appendTemperature, INPUT_NAME, OUTPUT_NAME } from '../pipeline/export.ts';
import { appendMember, type Member } from './member-graph.ts';
import { appendPerceptron, type Perceptron } from './perceptron.ts';

export const LOG_MEL_INPUT = 'log_mel';

/** What ships, or what stands for it in a fold: the mean of what all of these say. */
export interface Ensemble {
  readonly networks: readonly Member[];
  readonly perceptron: Perceptron;
}

/**
 * Returns one ONNX graph from log-mel windows in dB, [n, steps, bands], and functionals,
 * [n, features], to calibrated probabilities: every member, the mean of what they say, and the
 * temperature.
 */
export function exportEnsemble(
  { networks, perceptron }: Ensemble,
  temperature: number,
): Uint8Array {
  const graph = new GraphBuilder('undertone');
  const { networkWindow, logMel } = FEATURE_CONFIG;
  const windows = graph.input(LOG_MEL_INPUT, ['n', networkWindow.frames, logMel.bands]);
  const features = graph.input(INPUT_NAME, ['n', perceptron.scaling.mean.length]);
  const said = [
    ...networks.map((network) => appendMember(graph, windows, network)),
    appendPerceptron(graph, features, perceptron),
  ];
  const calibrated = appendTemperature(graph, graph.node('Mean', said), temperature);
  graph.output(calibrated, OUTPUT_NAME, ['n', EMOTION_COUNT]);
  return graph.toBytes();
}
