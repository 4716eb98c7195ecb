import {
  BatchNorm,
  Dropout,
  Linear,
  relu,
  Sequential,
  type TrainingStep,
  type Variable,
} from '../autodiff/index.ts';
import type { GraphBuilder, Value } from '../onnx/graph.ts';
import type { Random } from '../random.ts';

/** A logit that softmax turns into exactly 0: what a class gets that no sample showed. */
const IMPOSSIBLE_LOGIT = -1e9;

export interface MlpShape {
  readonly members: number;
  readonly features: number;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  readonly classes: number;
  readonly dropout: number;
}

/**
 * The trainable perceptron: linear → batch norm → ReLU → dropout for each hidden layer, then linear.
 * All members lie side by side on the leading axis of every variable, [members, rows, units].
 */
export class MlpNetwork {
  readonly module: Sequential;
  readonly #stages: readonly { readonly linear: Linear; readonly norm: BatchNorm }[];
  readonly #head: Linear;

  constructor({ members, features, hidden, classes, dropout }: MlpShape, random: Random) {
    this.#stages = hidden.map((outFeatures, i) => {
      const inFeatures = i === 0 ? features : hidden[i - 1];
      return {
        linear: new Linear({ inFeatures, outFeatures, random, members, bias: false }),
        norm: new BatchNorm({ shape: [members, 1, outFeatures], axes: [1] }),
      };
    });
    const inFeatures = hidden.at(-1) ?? features;
    this.#head = new Linear({ inFeatures, outFeatures: classes, random, members, gain: 1 });
    this.module = new Sequential([
      ...this.#stages.flatMap(({ linear, norm }) => [linear, norm, relu, new Dropout(dropout)]),
      this.#head,
    ]);
  }

  /** Returns the layers as plain data, with batch normalisation folded into the weights. */
  layers(step: TrainingStep): MlpLayer[] {
    const hidden = this.#stages.map(({ linear, norm }) => {
      const { slope, offset } = norm.inference(step);
      return { ...foldSlope(linear.weight, step.buffer(linear.weight), slope), bias: offset };
    });
    const { weight, bias } = this.#head;
    const [, inFeatures, outFeatures] = weight.shape;
    const head = { weight: step.buffer(weight).slice(), bias: step.buffer(bias!).slice() };
    return [...hidden, { inFeatures, outFeatures, ...head }];
  }
}

function foldSlope({ shape }: Variable, weight: Float32Array, slope: Float32Array) {
  const [, inFeatures, outFeatures] = shape;
  const folded = weight.map((value, i) => {
    const member = Math.floor(i / (inFeatures * outFeatures));
    return value * slope[member * outFeatures + (i % outFeatures)];
  });
  return { inFeatures, outFeatures, weight: folded };
}

/**
 * Returns the head with `classCount` outputs: its output j becomes class `classes[j]`, and a class
 * that is not named gets no probability at all.
 */
export function spreadClasses(
  head: MlpLayer,
  classes: ArrayLike<number>,
  classCount: number,
): MlpLayer {
  const { inFeatures, outFeatures } = head;
  const rows = head.weight.length / outFeatures;
  const members = head.bias.length / outFeatures;
  const weight = new Float32Array(rows * classCount);
  const bias = new Float32Array(members * classCount).fill(IMPOSSIBLE_LOGIT);
  for (let j = 0; j < outFeatures; j++) {
    for (let row = 0; row < rows; row++) {
      weight[row * classCount + classes[j]] = head.weight[row * outFeatures + j];
    }
    for (let member = 0; member < members; member++) {
      bias[member * classCount + classes[j]] = head.bias[member * outFeatures + j];
    }
  }
  return { inFeatures, outFeatures: classCount, weight, bias };
}

/** One affine map of every member: x · weight + bias. Batch normalisation is already folded in. */
export interface MlpLayer {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [members, inFeatures, outFeatures] in row-major order. */
  readonly weight: Float32Array;
  /** [members, outFeatures]. */
  readonly bias: Float32Array;
}

/**
 * A trained multilayer perceptron, or several that vote, as plain data that can be posted between
 * threads. Between the layers stands a ReLU; the probabilities are the mean of the members' softmax.
 */
export interface MlpModel {
  readonly kind: 'mlp';
  readonly members: number;
  readonly layers: readonly MlpLayer[];
}

/**
 * Adds the perceptron to a graph and returns the value of its probabilities.
 *
 * @param x value of [n, features], standardised as in training
 * @returns value of [n, classes]; every row sums to 1
 *
 * @example
 * const x = graph.input('features', ['n', 120]);
 * graph.output(appendMlp(graph, x, model), 'probabilities', ['n', 8]);
 */
export function appendMlp(graph: GraphBuilder, x: Value, { members, layers }: MlpModel): Value {
  const votes = Array.from({ length: members }, (_, member) => {
    const logits = layers.reduce((value, layer, i) => {
      const affine = appendLayer(graph, value, layer, member);
      return i < layers.length - 1 ? graph.node('Relu', [affine]) : affine;
    }, x);
    return graph.node('Softmax', [logits], { axis: { int: -1 } });
  });
  return members === 1 ? votes[0] : graph.node('Mean', votes);
}

function appendLayer(graph: GraphBuilder, x: Value, layer: MlpLayer, member: number): Value {
  const { inFeatures, outFeatures, weight, bias } = layer;
  const size = inFeatures * outFeatures;
  return graph.node('Gemm', [
    x,
    graph.constant([inFeatures, outFeatures], weight.subarray(member * size, (member + 1) * size)),
    graph.constant([outFeatures], bias.subarray(member * outFeatures, (member + 1) * outFeatures)),
  ]);
}
