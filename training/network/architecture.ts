import {
  add,
  BatchNorm,
  Conv2d,
  Dropout,
  exp,
  filled,
  Linear,
  logSoftmax,
  type Module,
  matmul,
  maxPool2d,
  mul,
  relu,
  reshape,
  sqrt,
  sub,
  type TrainingStep,
  transpose,
  type Variable,
} from '../autodiff/index.ts';
import { sizeOf } from '../autodiff/shape.ts';
import type { Random } from '../random.ts';

/** What decides the sizes of all layers. */
export interface NetworkShape {
  /** Steps and bands of a log-mel window. */
  readonly steps: number;
  readonly bands: number;
  /** Channels of the first layer; the three stages have two, three and four times as many. */
  readonly width: number;
  /** Size of the embedding of a time step. */
  readonly embedding: number;
  readonly classes: number;
}

/** How a stage makes the map smaller before its convolutions: time steps × bands. */
export const STAGE_POOLING = [
  [1, 1],
  [2, 2],
  [1, 2],
] as const;
const STEM_KERNEL = 5;
export const STEM_STRIDE = [2, 2] as const;
export const STEM_POOLING = [2, 2] as const;
/** Keeps the deviation differentiable where an embedding does not change in time. */
export const VARIANCE_FLOOR = 1e-3;
/** Running statistics are averaged over about a hundred batches, as the weights are at the end. */
const MOMENTUM = 0.01;

/** A convolution with batch normalisation folded into it. */
export interface FoldedConvolution {
  /** [outputs, inputs, kernel height, kernel width] */
  readonly dims: readonly number[];
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Everything that prediction needs of a trained network, as plain data. */
export interface NetworkWeights {
  readonly shape: NetworkShape;
  /** Its normalisation stays apart: between the two the pooling takes a maximum. */
  readonly stem: {
    readonly dims: readonly number[];
    readonly weight: Float32Array;
    readonly slope: Float32Array;
    readonly offset: Float32Array;
  };
  /** Of every stage the convolution that widens and that of the residual branch. */
  readonly stages: readonly (readonly [FoldedConvolution, FoldedConvolution])[];
  /** [channels · bands left, embedding] and its bias. */
  readonly embedding: { readonly weight: Float32Array; readonly bias: Float32Array };
  /** [embedding]: the score of a step. */
  readonly attention: Float32Array;
  /** [embedding, classes] for mean and deviation over time, and their common bias. */
  readonly head: {
    readonly mean: Float32Array;
    readonly deviation: Float32Array;
    readonly bias: Float32Array;
  };
}

interface Stage {
  readonly widen: Conv2d;
  readonly widenNorm: BatchNorm;
  readonly residual: Conv2d;
  readonly residualNorm: BatchNorm;
}

/**
 * A small residual network on log-mel windows, [batch, 1, steps, bands] → logits [batch, classes]:
 *
 * - stem: convolution 5 × 5 with stride 2, max pooling 2 × 2, batch normalisation, ReLU;
 * - three stages: (max pooling,) convolution 3 × 3, normalisation, ReLU, then a residual branch of
 *   the same (He et al. 2016), with 2, 3 and 4 times the width of the stem;
 * - the bands that are left become channels and are projected to an embedding of every step;
 * - attentive statistics pooling (Okabe et al. 2018): mean and deviation over time under weights that
 *   the network learns, and a linear layer.
 */
export class EmotionNetwork implements Module {
  readonly shape: NetworkShape;
  readonly #stem: Conv2d;
  readonly #stemNorm: BatchNorm;
  readonly #stages: readonly Stage[];
  readonly #embedding: Linear;
  readonly #embeddingNorm: BatchNorm;
  readonly #attention: Linear;
  readonly #meanHead: Linear;
  readonly #deviationHead: Linear;
  readonly #dropouts: readonly Dropout[];

  constructor(shape: NetworkShape, { dropout, random }: { dropout: number; random: Random }) {
    const { width, embedding, classes, bands } = shape;
    this.shape = shape;
    const stemOptions = { inChannels: 1, outChannels: width, kernelSize: STEM_KERNEL, random };
    this.#stem = new Conv2d({ ...stemOptions, stride: STEM_STRIDE });
    this.#stemNorm = channelNorm(width);
    this.#stages = STAGE_POOLING.map((_, i) => {
      const [inChannels, outChannels] = [i === 0 ? width : width * (i + 1), width * (i + 2)];
      return {
        widen: new Conv2d({ inChannels, outChannels, kernelSize: 3, random }),
        widenNorm: channelNorm(outChannels),
        residual: new Conv2d({ inChannels: outChannels, outChannels, kernelSize: 3, random }),
        residualNorm: channelNorm(outChannels),
      };
    });
    const inFeatures = width * (STAGE_POOLING.length + 1) * bandsLeft(bands);
    this.#embedding = new Linear({ inFeatures, outFeatures: embedding, random, bias: false });
    this.#embeddingNorm = new BatchNorm({
      shape: [1, 1, embedding],
      axes: [0, 1],
      momentum: MOMENTUM,
    });
    const output = { inFeatures: embedding, random, gain: 1 };
    this.#attention = new Linear({ ...output, outFeatures: 1, bias: false });
    this.#meanHead = new Linear({ ...output, outFeatures: classes });
    this.#deviationHead = new Linear({ ...output, outFeatures: classes, bias: false });
    this.#dropouts = [new Dropout(dropout), new Dropout(dropout)];
  }

  forward(x: Variable): Variable {
    let map = maxPool2d(this.#stem.forward(x), STEM_POOLING);
    map = relu(this.#stemNorm.forward(map));
    this.#stages.forEach(({ widen, widenNorm, residual, residualNorm }, i) => {
      const [rows, columns] = STAGE_POOLING[i];
      if (rows * columns > 1) map = maxPool2d(map, STAGE_POOLING[i]);
      map = relu(widenNorm.forward(widen.forward(map)));
      map = relu(add(map, residualNorm.forward(residual.forward(map))));
    });
    const [batch, channels, steps, bands] = map.shape;
    const folded = reshape(transpose(map, [0, 2, 1, 3]), [batch, steps, channels * bands]);
    const embedded = relu(this.#embeddingNorm.forward(this.#embedding.forward(folded)));
    const { mean, deviation } = this.#pool(embedded);
    const [meanDropout, deviationDropout] = this.#dropouts;
    return add(
      this.#meanHead.forward(meanDropout.forward(mean)),
      this.#deviationHead.forward(deviationDropout.forward(deviation)),
    );
  }

  /** Mean and deviation over the steps of [batch, steps, embedding], each [batch, embedding]. */
  #pool(embedded: Variable): { mean: Variable; deviation: Variable } {
    const [batch, steps, size] = embedded.shape;
    const scores = reshape(this.#attention.forward(embedded), [batch, 1, steps]);
    const weights = exp(logSoftmax(scores));
    const mean = matmul(weights, embedded);
    const power = matmul(weights, mul(embedded, embedded));
    const variance = add(sub(power, mul(mean, mean)), filled([], VARIANCE_FLOOR));
    return {
      mean: reshape(mean, [batch, size]),
      deviation: reshape(sqrt(relu(variance)), [batch, size]),
    };
  }

  parameters(): Variable[] {
    return [
      ...this.#parts().flatMap((part) => part.parameters()),
      ...this.#attention.parameters(),
      ...this.#meanHead.parameters(),
      ...this.#deviationHead.parameters(),
    ];
  }

  outputs(): Variable[] {
    return this.norms().flatMap((norm) => norm.outputs());
  }

  beforeStep(step: TrainingStep, random: Random): void {
    for (const dropout of this.#dropouts) dropout.beforeStep(step, random);
  }

  afterStep(step: TrainingStep): void {
    for (const norm of this.norms()) norm.afterStep(step);
  }

  /** Returns the layers whose running statistics belong into a checkpoint, in a fixed order. */
  norms(): BatchNorm[] {
    return this.#parts().filter((part) => part instanceof BatchNorm);
  }

  /** Returns what prediction needs, from the parameters that the step holds now. */
  weights(step: TrainingStep): NetworkWeights {
    const { weight } = this.#embedding;
    const { slope, offset } = this.#embeddingNorm.inference(step);
    const valuesOf = (variable: Variable) => step.buffer(variable).slice();
    return {
      shape: this.shape,
      stem: {
        dims: this.#stem.weight.shape,
        weight: valuesOf(this.#stem.weight),
        ...this.#stemNorm.inference(step),
      },
      stages: this.#stages.map(({ widen, widenNorm, residual, residualNorm }) => [
        fold(widen, widenNorm, step),
        fold(residual, residualNorm, step),
      ]),
      embedding: {
        weight: step.buffer(weight).map((w, i) => w * slope[i % slope.length]),
        bias: offset,
      },
      attention: valuesOf(this.#attention.weight),
      head: {
        mean: valuesOf(this.#meanHead.weight),
        deviation: valuesOf(this.#deviationHead.weight),
        bias: valuesOf(this.#meanHead.bias!),
      },
    };
  }

  #parts(): (Conv2d | BatchNorm | Linear)[] {
    return [
      this.#stem,
      this.#stemNorm,
      ...this.#stages.flatMap(({ widen, widenNorm, residual, residualNorm }) => [
        ...[widen, widenNorm, residual, residualNorm],
      ]),
      this.#embedding,
      this.#embeddingNorm,
    ];
  }
}

function channelNorm(channels: number): BatchNorm {
  return new BatchNorm({ shape: [1, channels, 1, 1], axes: [0, 2, 3], momentum: MOMENTUM });
}

function bandsLeft(bands: number): number {
  const stem = STEM_STRIDE[1] * STEM_POOLING[1];
  return bands / STAGE_POOLING.reduce((product, [, columns]) => product * columns, stem);
}

function fold({ weight }: Conv2d, norm: BatchNorm, step: TrainingStep): FoldedConvolution {
  const { slope, offset } = norm.inference(step);
  const perOutput = sizeOf(weight.shape.slice(1));
  const folded = step.buffer(weight).map((w, i) => w * slope[Math.floor(i / perOutput)]);
  return { dims: weight.shape, weight: folded, bias: offset };
}
