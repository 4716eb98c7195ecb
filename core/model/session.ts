import type { InferenceSession, InferenceSessionFactory, Tensor } from 'onnxruntime-common';
import type { Analysis } from '../analyze.ts';
import type { FrameRange } from '../windows.ts';
import { type ModelCard, modelInvalid } from './card.ts';
import { EMOTION_COUNT } from './emotions.ts';
import { modelInput, stretchesOf } from './input.ts';

/** A loaded model: windows in, calibrated probabilities out. */
export interface Model {
  readonly card: ModelCard;
  /** Returns a prediction for each window of a recording; the windows are in order. */
  predict(speech: Analysis, windows: readonly FrameRange[]): Promise<Prediction[]>;
}

/** What a model says about one window. */
export interface Prediction {
  /** Of each emotion, in the order of EMOTIONS; they sum to 1. */
  readonly probabilities: Float64Array;
  /** Whether somebody speaks in it: whether the probability of that reaches the card's threshold. */
  readonly isVoice: boolean;
}

/** What onnxruntime-node and onnxruntime-web have in common. */
export interface OnnxRuntime {
  readonly InferenceSession: Pick<InferenceSessionFactory, 'create'>;
  readonly Tensor: typeof Tensor;
}

/** What a model needs of the machine that it runs on. */
export interface ModelHost {
  /** What to call the graph in an error message, for example its path. */
  readonly name: string;
  /** Returns a digest in hexadecimal. */
  readonly sha256: (bytes: Uint8Array) => string | Promise<string>;
  /** Loads onnxruntime. */
  readonly runtime: () => Promise<OnnxRuntime>;
}

/**
 * Returns a model that is ready to run, and checks it: the graph is the one that the card describes,
 * onnxruntime can load it, and it takes and gives the tensors that the card names.
 *
 * @param graph the bytes of `emotion.onnx`
 * @throws UndertoneError `model-invalid`
 */
export async function createModel(
  card: ModelCard,
  graph: Uint8Array,
  { name, sha256, runtime }: ModelHost,
): Promise<Model> {
  if ((await sha256(graph)) !== card.sha256) {
    throw modelInvalid(`${name} is not the file that its card describes.`);
  }
  const ort = await runtime();
  // One thread: a note is too small to share, and many notes are shared between processes instead.
  const session = await ort.InferenceSession.create(graph, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    // A plan of the memory for every number of windows takes 12 MB, and gains no time.
    enableMemPattern: false,
  }).catch((cause) => {
    throw modelInvalid(`${name} cannot be loaded.`, cause);
  });
  if (!fits(session, card)) {
    throw modelInvalid(`${name} takes or gives other tensors than its card says.`);
  }
  return { card, predict: (...speech) => predict(ort, session, card, ...speech) };
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

/** Runs a graph on the windows of a recording, those that overlap in one call. */
export async function predict(
  ort: Pick<OnnxRuntime, 'Tensor'>,
  session: InferenceSession,
  { inputs, output, voice }: Pick<ModelCard, 'inputs' | 'output' | 'voice'>,
  speech: Analysis,
  windows: readonly FrameRange[],
): Promise<Prediction[]> {
  const outputs = [output.name, ...(voice ? [voice.name] : [])];
  const predictions: Prediction[] = [];
  for (const stretch of stretchesOf(windows)) {
    const feeds = Object.fromEntries(
      inputs.map(({ name, kind, shape }) => {
        const values = modelInput(kind, speech, stretch);
        const count = values.length / shape.reduce((a, b) => a * b, 1);
        return [name, new ort.Tensor('float32', values, [count, ...shape])];
      }),
    );
    const results = await session.run(feeds, outputs);
    const rows = results[output.name].data as Float32Array;
    const voices = voice ? (results[voice.name].data as Float32Array) : null;
    for (const i of stretch.keys()) {
      const row = Float64Array.from(rows.subarray(i * EMOTION_COUNT, (i + 1) * EMOTION_COUNT));
      const sum = row.reduce((a, b) => a + b, 0);
      predictions.push({
        probabilities: row.map((p) => p / sum),
        isVoice: !voice || voices![i] >= voice.threshold,
      });
    }
  }
  return predictions;
}
