import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelCard } from '../../core/model/card.ts';
import { CARD_FILE, MODEL_FILE } from '../../core/model/folder.ts';
import { LOG_OFFSET } from '../calibration.ts';
import type { GraphBuilder, Value } from './graph.ts';

export const INPUT_NAME = 'features';
export const OUTPUT_NAME = 'probabilities';

/** softmax(log(p + LOG_OFFSET) / T); see training/calibration.ts. */
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

/** Writes graph and card so that a reader finds either the old pair or the new one. */
export async function writeModel(
  folder: string,
  graph: Uint8Array,
  card: ModelCard,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const write = async (name: string, content: Uint8Array | string) => {
    const partial = join(folder, `.${name}.${process.pid}`);
    await writeFile(partial, content);
    return () => rename(partial, join(folder, name));
  };
  const publish = [
    await write(MODEL_FILE, graph),
    await write(CARD_FILE, `${JSON.stringify(card, null, 2)}\n`),
  ];
  for (const finish of publish) await finish();
}
