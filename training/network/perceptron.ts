import '../../core/model/telemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { appendModel, type FittedModel, type Parameters } from '../baselines/families.ts';
import { JobRunner } from '../baselines/jobs.ts';
import { appendScaler, type Scaling } from '../baselines/preprocessing.ts';
import { type Matrix, zeros } from '../matrix.ts';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import type { PreparedCorpus } from './prepare.ts';

/**
 * The shape is what the search of `npm run train:baselines` found best on speakers unseen; fewer
 * passes are enough, since every clip is there in several renderings.
 */
const PERCEPTRON: Parameters = { hidden: [512, 256], dropout: 0.5, members: 2, epochs: 24 };
const SEED = 42;

/** A perceptron on functionals: pitch, level and pace, which the networks are taught to ignore. */
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

/**
 * Fits one perceptron for each list of RAVDESS clips, in their order, on all renderings of these
 * clips and of all of CREMA-D that may be trained on.
 */
export async function fitPerceptrons(
  ravdess: PreparedCorpus,
  cremaD: PreparedCorpus | null,
  parts: readonly Int32Array[],
  options: PerceptronOptions,
): Promise<Perceptron[]> {
  const corpora = [ravdess, ...(cremaD ? [cremaD] : [])];
  const X = vectorsOf(corpora.flatMap(({ spectrograms }) => spectrograms.functionals));
  const y = corpora.flatMap(({ spectrograms, labels }) =>
    spectrograms.functionals.map((_, i) => labels[Math.floor(i / spectrograms.renderings)]),
  );
  const others = cremaD ? samplesOf(cremaD, cremaD.rows) : [];
  const first = ravdess.spectrograms.functionals.length;
  const jobs = await JobRunner.start({ X, y: Int32Array.from(y) }, options);
  try {
    return await Promise.all(
      parts.map(async (rows) => {
        const train = [...samplesOf(ravdess, rows), ...others.map((i) => first + i)];
        const { model, scaling } = await jobs.fit({
          ...{ family: 'mlp', parameters: PERCEPTRON, seed: SEED, balance: false },
          ...{ train: Int32Array.from(train), test: new Int32Array(0) },
        });
        return { model, scaling };
      }),
    );
  } finally {
    await jobs.stop();
  }
}

/** Returns the numbers of all functionals of some clips, without those in which nothing could be heard. */
function samplesOf({ spectrograms }: PreparedCorpus, rows: Int32Array): number[] {
  const { functionals, renderings } = spectrograms;
  return Array.from(rows)
    .flatMap((row) => Array.from({ length: renderings }, (_, r) => row * renderings + r))
    .filter((i) => functionals[i].length > 0);
}

/** Returns how many trained numbers a perceptron holds. */
export function parameterCount({ model }: Perceptron): number {
  if (model.family !== 'mlp') throw new TypeError(`a ${model.family} is no perceptron`);
  return model.mlp.layers.reduce((sum, { weight, bias }) => sum + weight.length + bias.length, 0);
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
  const data = Float32Array.from(probabilities.data as Float32Array);
  await session.release();
  vectors.forEach((vector, i) => {
    if (vector.length > 0) return;
    data.fill(1 / EMOTION_COUNT, i * EMOTION_COUNT, (i + 1) * EMOTION_COUNT);
  });
  return { rows: X.rows, columns: EMOTION_COUNT, data };
}

function vectorsOf(vectors: readonly Float32Array[]): Matrix {
  const columns = vectors.find(({ length }) => length > 0)?.length ?? 0;
  const X = zeros(vectors.length, columns);
  vectors.forEach((vector, i) => {
    X.data.set(vector, i * columns);
  });
  return X;
}
