import type { Scaling } from '../estimators/standard-scaler.ts';
import type { GraphBuilder, Value } from './graph.ts';

/**
 * Appends a fitted scaler and returns the scaled features, bit for bit what `transform` gives.
 *
 * @example
 * const x = graph.input('features', ['n', 120]);
 * const scaled = appendScaler(graph, x, scaler.scaling);
 */
export function appendScaler(graph: GraphBuilder, x: Value, { mean, scale }: Scaling): Value {
  const centred = graph.node('Sub', [x, graph.constant([mean.length], mean)]);
  return graph.node('Mul', [centred, graph.constant([scale.length], scale)]);
}
