import './telemetry.ts';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelCard, modelInvalid, parseCard } from './card.ts';
import { createModel, type Model } from './session.ts';

/** The two files that training writes and serving loads. */
export const MODEL_FILE = 'emotion.onnx';
export const CARD_FILE = 'emotion.json';

/**
 * Loads a model folder with onnxruntime-node, on one thread, and checks it: see `createModel`.
 *
 * @throws UndertoneError `model-invalid`
 * @example
 * const model = await loadModel('model');
 * const speech = analyze(samples)!;
 * const predictions = await model.predict(speech, modelWindows(speech, FEATURE_CONFIG.networkWindow));
 */
export async function loadModel(folder: string): Promise<Model> {
  const card = await readCard(folder);
  const path = join(folder, MODEL_FILE);
  const graph = await readFile(path).catch((cause) => {
    throw modelInvalid(`${path} cannot be read (${cause.code}).`, cause);
  });
  return createModel(card, graph, {
    name: path,
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    // Loaded with the first model: a process that runs none does not pay for the native library.
    runtime: () => import('onnxruntime-node'),
  });
}

/**
 * Reads and checks the card of a model folder. The graph itself is left alone, and so is what runs it.
 *
 * @throws UndertoneError `model-invalid`
 */
export async function readCard(folder: string): Promise<ModelCard> {
  const path = join(folder, CARD_FILE);
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw modelInvalid(`${path} cannot be read (${cause.code}).`, cause);
  });
  return parseCard(text, path);
}

/**
 * Returns the folder of the model to serve: the one that UNDERTONE_MODEL names, else the nearest
 * `model/` above this file, which is the shipped one in a checkout, a build and a bundle alike.
 */
export function findModelFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.UNDERTONE_MODEL) return environment.UNDERTONE_MODEL;
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'model', CARD_FILE))) {
    const parent = dirname(folder);
    if (parent === folder) throw modelInvalid('No model folder was found.');
    folder = parent;
  }
  return join(folder, 'model');
}
