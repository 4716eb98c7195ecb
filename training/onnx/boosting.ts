import type { BoostingModel } from '../estimators/gradient-boosting.ts';
import { treeEnsemble } from './ensemble.ts';
import type { GraphBuilder, Value } from './graph.ts';

/**
 * Appends fitted boosted trees and returns their probabilities, samples × classes: those of
 * `predictProbabilities` up to the rounding of float32 sums.
 *
 * @example
 * const scaled = appendScaler(graph, x, scaler.scaling);
 * graph.output(appendBoosting(graph, scaled, booster.model), 'probabilities', ['n', 8]);
 */
export function appendBoosting(graph: GraphBuilder, x: Value, model: BoostingModel): Value {
  const { classCount, baseScores, trees } = model;
  const sums = treeEnsemble(graph, x, trees, { targets: classCount });
  const margins = graph.node('Add', [sums, graph.constant([classCount], baseScores)]);
  return graph.node('Softmax', [margins], { axis: { int: 1 } });
}
