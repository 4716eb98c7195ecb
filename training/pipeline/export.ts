import { join } from 'node:path';
import type { ModelCard } from '../../core/model/card.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { CARD_FILE, MODEL_FILE } from '../../core/model/folder.ts';
import { writeAtomically } from '../../lib/files.ts';
import type { Scaling } from '../estimators/standard-scaler.ts';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { appendScaler } from '../onnx/scaler.ts';
import { LOG_OFFSET } from './calibrate.ts';
import { appendModel, type FittedModel } from './families.ts';

export const INPUT_NAME = 'features';
export const OUTPUT_NAME = 'probabilities';

/**
 * Returns one ONNX graph from raw feature vectors to calibrated probabilities: scaler, classifier
 * and temperature.
 *
 * @example
 * const bytes = exportGraph({ model, scaling, temperature: 0.7 });
 */
export function exportGraph({
  model,
  scaling,
  temperature,
}: {
  model: FittedModel;
  scaling: Scaling;
  temperature: number;
}): Uint8Array {
  const graph = new GraphBuilder('undertone');
  const features = graph.input(INPUT_NAME, ['n', scaling.mean.length]);
  const scaled = appendScaler(graph, features, scaling);
  const probabilities = appendModel(graph, scaled, model);
  const calibrated = appendTemperature(graph, probabilities, temperature);
  graph.output(calibrated, OUTPUT_NAME, ['n', EMOTION_COUNT]);
  return graph.toBytes();
}

/** softmax(log(p + LOG_OFFSET) / T); see calibrate.ts. */
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

/** Writes graph and card, each in one step. */
export async function writeModel(
  folder: string,
  graph: Uint8Array,
  card: ModelCard,
): Promise<void> {
  await writeAtomically(join(folder, MODEL_FILE), graph);
  await writeAtomically(join(folder, CARD_FILE), `${JSON.stringify(card, null, 2)}\n`);
}
