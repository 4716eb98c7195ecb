import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { appendTemperature, OUTPUT_NAME } from '../pipeline/export.ts';
import { appendMember, type Member } from './member-graph.ts';

export const LOG_MEL_INPUT = 'log_mel';

/**
 * Returns one ONNX graph from log-mel windows in dB, [n, steps, bands], to calibrated probabilities:
 * every member, the mean of what they say, and the temperature.
 */
export function exportNetworks(members: readonly Member[], temperature: number): Uint8Array {
  const graph = new GraphBuilder('undertone');
  const { networkWindow, logMel } = FEATURE_CONFIG;
  const windows = graph.input(LOG_MEL_INPUT, ['n', networkWindow.frames, logMel.bands]);
  const said = members.map((member) => appendMember(graph, windows, member));
  const mean = said.length > 1 ? graph.node('Mean', said) : said[0];
  const calibrated = appendTemperature(graph, mean, temperature);
  graph.output(calibrated, OUTPUT_NAME, ['n', EMOTION_COUNT]);
  return graph.toBytes();
}
