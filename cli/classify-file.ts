import {
  classify,
  defaultModel,
  type ErrorCode,
  loadModel,
  type Model,
  type SpeechWindows,
  UndertoneError,
  type Verdict,
} from '../core/index.ts';
import { readInput } from './inputs.ts';

/** What became of one file: a verdict or a named error, never nothing. */
export type Outcome = { file: string; windows?: SpeechWindows } & (
  | Verdict
  | { error: { code: ErrorCode; message: string } }
);

const models = new Map<string, Promise<Model>>();

/**
 * Returns the model of a folder, loaded once per process; the one to serve without a folder.
 *
 * @throws UndertoneError `model-invalid`
 */
export function modelOf(folder: string | undefined): Promise<Model> {
  if (folder === undefined) return defaultModel();
  let model = models.get(folder);
  if (!model) {
    model = loadModel(folder);
    models.set(folder, model);
  }
  return model;
}

/**
 * Reads and classifies one file. Errors of the file are part of the outcome; a model that cannot be
 * used concerns all files and is thrown.
 */
export async function classifyFile(
  file: string,
  modelFolder?: string,
  keepWindows = false,
): Promise<Outcome> {
  // Without one, the model that ships is loaded while the recording is decoded.
  const model = modelFolder === undefined ? {} : { model: await modelOf(modelFolder) };
  try {
    let windows: SpeechWindows | undefined;
    const onWindows = (all: SpeechWindows) => {
      windows = all;
    };
    const verdict = await classify(await readInput(file), { ...model, onWindows });
    return { file, ...verdict, ...(keepWindows && windows && { windows }) };
  } catch (thrown) {
    const { code, message } = UndertoneError.from(thrown);
    if (code === 'model-invalid') throw thrown;
    return { file, error: { code, message } };
  }
}

export interface ClassifyTask {
  readonly file: string;
  /** Folder of the model to ask instead of the shipped one. */
  readonly model: string | undefined;
  /** Whether the outcome holds what the model says about each window. */
  readonly keepWindows?: boolean | undefined;
}

/** The task of a thread. */
export default function classifyTask(task: ClassifyTask): Promise<Outcome> {
  return classifyFile(task.file, task.model, task.keepWindows);
}
