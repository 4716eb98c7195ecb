import { decodeWithFfmpeg } from '../audio/ffmpeg.ts';
import { type ClassifyOptions as Classifying, classify as classifyWith } from '../classify.ts';
import { findModelFolder, loadModel } from '../model/folder.ts';
import type { Model } from '../model/session.ts';
import type { Verdict } from '../verdict.ts';

export interface ClassifyOptions extends Omit<Classifying, 'model'> {
  /** The model to use; by default the one that ships. */
  readonly model?: Model;
}

/**
 * Classifies the emotion in one recording. The API, the bots, the batch and the command line all call
 * this function.
 *
 * @param bytes the recording as received, in any format that `decode` supports
 * @returns one of eight emotions with calibrated probabilities, `uncertain` or `no-speech`
 * @throws UndertoneError with a code of core/errors.ts; bad input throws nothing else
 * @example
 * const { emotion, confidence } = await classify(await readFile('note.ogg'));
 */
export async function classify(bytes: Uint8Array, options: ClassifyOptions = {}): Promise<Verdict> {
  const model = options.model ?? defaultModel();
  return classifyWith(bytes, { fallback: decodeWithFfmpeg, ...options, model });
}

let shipped: Promise<Model> | undefined;

/** Loads the model to serve, once per process. After a failure the next call tries again. */
export function defaultModel(): Promise<Model> {
  shipped ??= (async () => loadModel(findModelFolder()))();
  shipped.catch(() => {
    shipped = undefined;
  });
  return shipped;
}
