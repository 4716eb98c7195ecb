import './telemetry.ts';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ModelCard } from './card.ts';
import { EMOTION_COUNT } from './emotions.ts';
import { MODEL_FILE, modelInvalid, readCard } from './folder.ts';
import type { ModelInput } from './input.ts';

/** A loaded model: windows in, calibrated probabilities out. */
export interface Model {
  readonly card: ModelCard;
  /**
   * Returns a prediction for every window. Of a window it takes what `card.inputs` names, in their
   * order, each flat; core/model/input.ts makes it.
   */
  predict(windows: readonly ModelInput[]): Promise<Prediction[]>;
}

/** What a model says about one window. */
export interface Prediction {
  /** Of each emotion, in the order of EMOTIONS; they sum to 1. */
  readonly probabilities: Float64Array;
  /** Whether somebody speaks in it: whether the probability of that reaches the card's threshold. */
  readonly isVoice: boolean;
}

/**
 * Loads a model folder and checks it: the card is complete, the graph is the one that the card
 * describes, and it was trained on the very features that this code computes.
 *
 * @throws UndertoneError `model-invalid`
 * @example
 * const model = await loadModel('model');
 * const [{ probabilities, isVoice }] = await model.predict([[spectrogram]]);
 */
export async function loadModel(folder: string): Promise<Model> {
  const card = await readCard(folder);
  const bytes = await readFile(join(folder, MODEL_FILE)).catch((cause) => {
    throw modelInvalid(`${join(folder, MODEL_FILE)} cannot be read (${cause.code}).`, cause);
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== card.sha256) {
    throw modelInvalid(`${MODEL_FILE} in ${folder} is not the file that its card describes.`);
  }
  // Loaded with the first model: a process that runs none does not pay for the native library.
  const ort = await import('onnxruntime-node');
  // One thread: a note is too small to share, and many notes are shared between processes instead.
  const session = await ort.InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  }).catch((cause) => {
    throw modelInvalid(`${MODEL_FILE} in ${folder} cannot be loaded.`, cause);
  });
  if (!fits(session, card)) {
    throw modelInvalid(
      `${MODEL_FILE} in ${folder} takes or gives other tensors than its card says.`,
    );
  }
  return { card, predict: (windows) => predict(ort, session, card, windows) };
}

/** Whether a graph has the inputs and outputs of a card; dimensions that it leaves open fit. */
function fits(
  { inputMetadata, outputMetadata }: InferenceSession,
  { inputs, output, voice }: ModelCard,
): boolean {
  const has = (all: typeof inputMetadata, name: string, shape: readonly number[]) => {
    const found = all.find((value) => value.name === name);
    if (!found?.isTensor || found.type !== 'float32') return false;
    const [, ...rest] = found.shape;
    return rest.every((length, i) => typeof length === 'string' || length === shape[i]);
  };
  return (
    inputs.length === inputMetadata.length &&
    inputs.every(({ name, shape }) => has(inputMetadata, name, shape)) &&
    has(outputMetadata, output.name, [EMOTION_COUNT]) &&
    (!voice || has(outputMetadata, voice.name, []))
  );
}

/** Windows of one call: a long note in many small calls needs little memory and no more time. */
const BATCH = 4;

async function predict(
  ort: { readonly Tensor: typeof Tensor },
  session: InferenceSession,
  { inputs, output, voice }: ModelCard,
  windows: readonly ModelInput[],
): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  for (let first = 0; first < windows.length; first += BATCH) {
    const batch = windows.slice(first, first + BATCH);
    const feeds = Object.fromEntries(
      inputs.map(({ name, shape }, k) => {
        const size = shape.reduce((product, length) => product * length, 1);
        const data = new Float32Array(batch.length * size);
        batch.forEach((window, i) => {
          data.set(window[k], i * size);
        });
        return [name, new ort.Tensor('float32', data, [batch.length, ...shape])];
      }),
    );
    const results = await session.run(feeds, [output.name, ...(voice ? [voice.name] : [])]);
    const values = results[output.name].data as Float32Array;
    const voices = voice && (results[voice.name].data as Float32Array);
    for (let i = 0; i < batch.length; i++) {
      const row = Float64Array.from(values.subarray(i * EMOTION_COUNT, (i + 1) * EMOTION_COUNT));
      const sum = row.reduce((a, b) => a + b, 0);
      predictions.push({
        probabilities: row.map((p) => p / sum),
        isVoice: !voice || !voices || voices[i] >= voice.threshold,
      });
    }
  }
  return predictions;
}
