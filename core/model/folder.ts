import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { UndertoneError } from '../errors.ts';
import { FEATURE_CONFIG } from '../features/config.ts';
import { cardSchema, type ModelCard } from './card.ts';
import { EMOTIONS } from './emotions.ts';

/** The two files that training writes and serving loads. */
export const MODEL_FILE = 'emotion.onnx';
export const CARD_FILE = 'emotion.json';

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
  let card: ModelCard;
  try {
    card = cardSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw modelInvalid(`${path} is not a model card.`, cause);
  }
  if (!isDeepStrictEqual(card.features, FEATURE_CONFIG)) {
    throw modelInvalid(
      `The model in ${folder} was trained on features of another configuration than this version computes, so its answers would be wrong.`,
    );
  }
  if (!isDeepStrictEqual(card.classes, [...EMOTIONS])) {
    throw modelInvalid(`The model in ${folder} has its classes in another order.`);
  }
  return card;
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

/** The error for a model that cannot be served. */
export function modelInvalid(why: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'model-invalid',
    `${why} Use the model folder of this version, or train one with "npm run train".`,
    { cause },
  );
}
