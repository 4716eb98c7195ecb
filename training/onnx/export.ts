import { LOG_OFFSET } from '../../evaluation/calibration.ts';
import type { GraphBuilder, Value } from './graph.ts';

export const INPUT_NAME = 'features';
export const OUTPUT_NAME = 'probabilities';

/** softmax(log(p + LOG_OFFSET) / T); see evaluation/calibration.ts. */
export function appendTemperature(
  graph: GraphBuilder,
  probabilities: Value,
  temperature: number,
): Value {
  const positive = graph.node('Add', [probabilities, graph.scalar(LOG_OFFSET)]);
  const logits = graph.node('Log', [positive]);
  const scaled = graph.node('Mul', [logits, graph.scalar(1 / temperature)]);
  return graph.node('Softmax', [scaled], { axis: { int: 1 } });
}
