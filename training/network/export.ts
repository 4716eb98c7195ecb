import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { appendTemperature, INPUT_NAME, OUTPUT_NAME } from '../onnx/export.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { appendMember, type Member } from './member-graph.ts';
import { appendPerceptron, type Perceptron } from './perceptron.ts';

export const LOG_MEL_INPUT = 'log_mel';

/**
 * How much of the answer is the perceptron's; the networks share the rest. Its two members and the
 * four networks that `npm run train` fits by default then have a vote each.
 */
export const PERCEPTRON_WEIGHT = 1 / 3;

/** What ships, or what stands for it in a fold. */
export interface Ensemble {
  readonly networks: readonly Member[];
  readonly perceptron: Perceptron;
}

/**
 * Returns one ONNX graph from log-mel windows in dB, [n, steps, bands], and functionals,
 * [n, features], to calibrated probabilities: every member, the weighted mean of what they say,
 * and the temperature.
 */
export function exportEnsemble(
  { networks, perceptron }: Ensemble,
  temperature: number,
): Uint8Array {
  const graph = new GraphBuilder('undertone');
  const { networkWindow, logMel } = FEATURE_CONFIG;
  const windows = graph.input(LOG_MEL_INPUT, ['n', networkWindow.frames, logMel.bands]);
  const features = graph.input(INPUT_NAME, ['n', perceptron.scaling.mean.length]);
  const said = networks.map((network) => appendMember(graph, windows, network));
  const weighted = [
    graph.node('Mul', [graph.node('Mean', said), graph.scalar(1 - PERCEPTRON_WEIGHT)]),
    graph.node('Mul', [
      appendPerceptron(graph, features, perceptron),
      graph.scalar(PERCEPTRON_WEIGHT),
    ]),
  ];
  const calibrated = appendTemperature(graph, graph.node('Sum', weighted), temperature);
  graph.output(calibrated, OUTPUT_NAME, ['n', EMOTION_COUNT]);
  return graph.toBytes();
}
