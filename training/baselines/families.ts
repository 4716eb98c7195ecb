import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import type { Matrix } from '../../evaluation/matrix.ts';
import { appendTemperature, INPUT_NAME, OUTPUT_NAME } from '../onnx/export.ts';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { createRandom } from '../random.ts';
import { type BoostingModel, GradientBoostingClassifier } from './gradient-boosting.ts';
import { MlpClassifier } from './mlp.ts';
import { appendMlp, type MlpModel } from './mlp-network.ts';
import { appendScaler, type Scaling } from './preprocessing.ts';
import { type Forest, RandomForestClassifier } from './random-forest.ts';
import { appendBoosting, appendForest } from './tree-onnx.ts';

export const FAMILIES = ['forest', 'boosting', 'mlp'] as const;
export type Family = (typeof FAMILIES)[number];

/** Hyperparameters as plain data: they are searched, written into reports and hashed. */
export type Parameters = Readonly<Record<string, number | string | readonly number[]>>;

/** A fitted classifier as plain data, which can be posted between workers. */
export type FittedModel =
  | { readonly family: 'forest'; readonly forest: Forest }
  | { readonly family: 'boosting'; readonly boosting: BoostingModel }
  | { readonly family: 'mlp'; readonly mlp: MlpModel };

export interface Fitted {
  readonly model: FittedModel;
  readonly predictProbabilities: (X: Matrix) => Matrix | Promise<Matrix>;
  /** One share per feature, summing to 1; null where the family has none. */
  readonly featureImportances: readonly number[] | null;
  /** Mean cross-entropy of the training samples after each epoch or round; null for forests. */
  readonly learningCurve: readonly number[] | null;
}

interface FamilySpec {
  readonly title: string;
  /** How its hyperparameters are searched. */
  readonly search: 'grid' | 'randomized';
  /** The combinations that a full run tries; a quick run takes the first. */
  readonly candidates: (seed: number) => readonly Parameters[];
  readonly fit: (X: Matrix, y: Int32Array, parameters: Parameters, seed: number) => Promise<Fitted>;
}

export const FAMILY: Readonly<Record<Family, FamilySpec>> = {
  forest: {
    title: 'Random forest',
    search: 'grid',
    candidates: () =>
      grid({ trees: [300], maxFeatures: ['sqrt', 0.15, 0.3], minSamplesLeaf: [1, 3] }),
    async fit(X, y, parameters, seed) {
      const forest = new RandomForestClassifier({ ...parameters, seed }).fit(X, y);
      return {
        model: { family: 'forest', forest: forest.forest },
        predictProbabilities: (unseen) => forest.predictProbabilities(unseen),
        featureImportances: Array.from(forest.featureImportances),
        learningCurve: null,
      };
    },
  },
  boosting: {
    title: 'Gradient-boosted trees',
    search: 'randomized',
    candidates: (seed) => [
      {
        rounds: 100,
        maxDepth: 5,
        learningRate: 0.15,
        subsample: 0.8,
        columnSample: 0.4,
        lambda: 1,
        maxBins: 64,
      },
      ...randomDraws(4, seed, {
        rounds: [100, 150],
        maxDepth: [3, 4, 5, 6],
        learningRate: [0.08, 0.1, 0.15, 0.2, 0.3],
        subsample: [0.6, 0.8, 1],
        columnSample: [0.2, 0.4, 0.7],
        lambda: [0.5, 1, 2, 5],
        alpha: [0, 0.1, 1],
        gamma: [0, 0.1, 0.5],
        minChildWeight: [1, 3],
        maxBins: [64],
      }),
    ],
    async fit(X, y, parameters, seed) {
      const learningCurve: number[] = [];
      const boosting = await new GradientBoostingClassifier({
        ...parameters,
        seed,
        onRound: ({ trainingLoss }) => learningCurve.push(trainingLoss),
      }).fit(X, y);
      return {
        model: { family: 'boosting', boosting: boosting.model },
        predictProbabilities: (unseen) => boosting.predictProbabilities(unseen),
        featureImportances: Array.from(boosting.featureImportances),
        learningCurve,
      };
    },
  },
  mlp: {
    title: 'Multilayer perceptron',
    search: 'grid',
    candidates: () => [
      { hidden: [256, 128], dropout: 0.4, members: 1 },
      ...grid({ hidden: [[512, 256]], dropout: [0.4, 0.6], members: [2] }),
    ],
    async fit(X, y, parameters, seed) {
      const learningCurve: number[] = [];
      const mlp = await new MlpClassifier({
        ...parameters,
        seed,
        classCount: EMOTION_COUNT,
        onEpoch: ({ loss }) => learningCurve.push(loss),
      }).fit(X, y);
      return {
        model: { family: 'mlp', mlp: mlp.model },
        predictProbabilities: (unseen) => mlp.predictProbabilities(unseen),
        featureImportances: null,
        learningCurve,
      };
    },
  },
};

/** Appends a fitted classifier to a graph and returns its probabilities, samples × 8. */
export function appendModel(graph: GraphBuilder, x: Value, model: FittedModel): Value {
  switch (model.family) {
    case 'forest':
      return appendForest(graph, x, model.forest);
    case 'boosting':
      return appendBoosting(graph, x, model.boosting);
    case 'mlp':
      return appendMlp(graph, x, model.mlp);
  }
}

/**
 * Returns one ONNX graph from raw feature vectors to calibrated probabilities: scaler, classifier
 * and temperature.
 *
 * @example
 * const bytes = exportGraph({ model, scaling, temperature: 0.7 });
 */
export function exportGraph({
  model,
  scaling,
  temperature,
}: {
  model: FittedModel;
  scaling: Scaling;
  temperature: number;
}): Uint8Array {
  const graph = new GraphBuilder('undertone');
  const features = graph.input(INPUT_NAME, ['n', scaling.mean.length]);
  const scaled = appendScaler(graph, features, scaling);
  const probabilities = appendModel(graph, scaled, model);
  const calibrated = appendTemperature(graph, probabilities, temperature);
  graph.output(calibrated, OUTPUT_NAME, ['n', EMOTION_COUNT]);
  return graph.toBytes();
}

type Choices = Readonly<Record<string, readonly Parameters[string][]>>;

/** Returns every combination of the choices; the first takes the first of each. */
export function grid(choices: Choices): Parameters[] {
  return Object.entries(choices).reduce<Parameters[]>(
    (combinations, [name, values]) =>
      combinations.flatMap((combination) =>
        values.map((value) => ({ ...combination, [name]: value })),
      ),
    [{}],
  );
}

/** Returns `count` combinations, each value drawn independently. */
function randomDraws(count: number, seed: number, choices: Choices): Parameters[] {
  const random = createRandom(seed, 77);
  return Array.from({ length: count }, () =>
    Object.fromEntries(
      Object.entries(choices).map(([name, values]) => [
        name,
        values[random.integer(values.length)],
      ]),
    ),
  );
}
