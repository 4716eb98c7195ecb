import { join } from 'node:path';
import type { ModelCard } from '../../core/model/card.ts';
import { CARD_FILE, MODEL_FILE } from '../../core/model/folder.ts';
import { LOG_OFFSET } from '../../evaluation/calibration.ts';
import { writeAtomically } from '../../lib/files.ts';
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

/** Writes graph and card, each in one step. */
export async function writeModel(
  folder: string,
  graph: Uint8Array,
  card: ModelCard,
): Promise<void> {
  await writeAtomically(join(folder, MODEL_FILE), graph);
  await writeAtomically(join(folder, CARD_FILE), `${JSON.stringify(card, null, 2)}\n`);
}
