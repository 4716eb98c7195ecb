import {
  BatchNorm,
  Dropout,
  Linear,
  relu,
  Sequential,
  type TrainingStep,
  type Variable,
} from '../autodiff/index.ts';
import type { MlpLayer } from '../onnx/mlp.ts';
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
