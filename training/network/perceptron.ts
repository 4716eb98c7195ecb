import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import type { Scaling } from '../estimators/standard-scaler.ts';
import { type Matrix, zeros } from '../matrix.ts';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { appendScaler } from '../onnx/scaler.ts';
import { appendModel, type FittedModel, type Parameters } from '../pipeline/families.ts';
import { JobRunner } from '../pipeline/jobs.ts';
import type { PreparedCorpus } from './train.ts';

/** What the search of `npm run train:baselines` found best on speakers unseen. */
export const PERCEPTRON: Parameters = { hidden: [512, 256], dropout: 0.4, members: 2 };
const SEED = 42;

/** The member that hears the functionals: pitch, level and pace, which the networks are taught to ignore. */
export interface Perceptron {
  readonly model: FittedModel;
  readonly scaling: Scaling;
}

export interface PerceptronOptions {
  readonly folder: string;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onDone: () => void;
}

/** Fits one perceptron for each list of RAVDESS clips, in their order. */
export async function fitPerceptrons(
  { spectrograms, labels }: PreparedCorpus,
  parts: readonly Int32Array[],
  options: PerceptronOptions,
): Promise<Perceptron[]> {
  const X = vectorsOf(spectrograms.functionals);
  const jobs = await JobRunner.start({ X, y: labels }, options);
  try {
    return await Promise.all(
      parts.map(async (train) => {
        const { model, scaling } = await jobs.fit({
          ...{ family: 'mlp' as const, parameters: PERCEPTRON, seed: SEED },
          ...{ train, test: new Int32Array(0) },
        });
        return { model, scaling };
      }),
    );
  } finally {
    await jobs.stop();
  }
}

/** Appends a perceptron: functionals, [n, features], in; class probabilities [n, classes] out. */
export function appendPerceptron(
  graph: GraphBuilder,
  features: Value,
  { model, scaling }: Perceptron,
): Value {
  return appendModel(graph, appendScaler(graph, features, scaling), model);
}

/** Returns what a perceptron says about functionals; every class is as likely where there are none. */
export async function predictVectors(
  perceptron: Perceptron,
  vectors: readonly Float32Array[],
): Promise<Matrix> {
  const X = vectorsOf(vectors);
  const graph = new GraphBuilder('perceptron');
  const features = graph.input('features', ['n', X.columns]);
  const said = appendPerceptron(graph, features, perceptron);
  graph.output(said, 'probabilities', ['n', EMOTION_COUNT]);
  const session = await InferenceSession.create(graph.toBytes(), { intraOpNumThreads: 1 });
  const input = new Tensor('float32', X.data, [X.rows, X.columns]);
  const { probabilities } = await session.run({ features: input });
  const predicted = {
    rows: X.rows,
    columns: EMOTION_COUNT,
    data: Float32Array.from(probabilities.data as Float32Array),
  };
  await session.release();
  vectors.forEach((vector, i) => {
    if (vector.length > 0) return;
    predicted.data.fill(1 / EMOTION_COUNT, i * EMOTION_COUNT, (i + 1) * EMOTION_COUNT);
  });
  return predicted;
}

function vectorsOf(vectors: readonly Float32Array[]): Matrix {
  const columns = Math.max(...vectors.map((vector) => vector.length));
  const X = zeros(vectors.length, columns);
  vectors.forEach((vector, i) => {
    X.data.set(vector, i * columns);
  });
  return X;
}
