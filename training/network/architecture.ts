import {
  add,
  BatchNorm,
  concat,
  constantParameter,
  Dropout,
  exp,
  filled,
  logSoftmax,
  type Module,
  matmul,
  mean,
  mul,
  parameter,
  relu,
  reshape,
  sqrt,
  sub,
  sum,
  type TrainingStep,
  transpose,
  type Variable,
} from '../autodiff/index.ts';
import type { Random } from '../random.ts';
import { type BlockWeights, EMBEDDING, type FoldedConvolution } from './inference.ts';
import { MobileNet } from './mobilenet.ts';
import type { Tensors } from './weights-file.ts';

/** Keeps the deviation differentiable where an embedding does not change in time. */
export const VARIANCE_FLOOR = 1e-3;
/** What is new learns faster than what was loaded. */
const HEAD_RATE = 3;
const MOMENTUM = 0.01;
/** Nobody speaks, somebody does. */
export const VOICE_CLASSES = 2;

/** Everything that prediction needs of a trained network, as plain data. */
export interface NetworkWeights {
  readonly classes: number;
  readonly stem: FoldedConvolution;
  readonly blocks: readonly BlockWeights[];
  readonly last: FoldedConvolution;
  /** [EMBEDDING]: the score of a step in time. */
  readonly attention: Float32Array;
  /** [classes, 2 · EMBEDDING] for mean and deviation over time, with normalisation folded in. */
  readonly emotion: { readonly weight: Float32Array; readonly bias: Float32Array };
  /** [VOICE_CLASSES, EMBEDDING] for the mean. */
  readonly voice: { readonly weight: Float32Array; readonly bias: Float32Array };
}

export interface NetworkOptions {
  readonly start: Tensors | null;
  readonly frozenBlocks: number;
  readonly classes: number;
  readonly dropout: number;
  readonly random: Random;
}

export interface Logits {
  /** [batch, classes] */
  readonly emotion: Variable;
  /** [batch, VOICE_CLASSES] */
  readonly voice: Variable;
}

/**
 * The network that ships: the body of `MobileNet`, averaged over the bands; attentive statistics
 * pooling over time (Okabe et al. 2018); a linear layer that tells the emotion and another one that
 * tells whether somebody speaks. Windows are [batch, frames, bands].
 */
export class EmotionNetwork implements Module {
  readonly #body: MobileNet;
  readonly #attention: Variable;
  readonly #norm: BatchNorm;
  readonly #dropout: Dropout;
  readonly #emotion: { readonly weight: Variable; readonly bias: Variable };
  readonly #voice: { readonly weight: Variable; readonly bias: Variable };
  readonly #classes: number;

  constructor({ start, frozenBlocks, classes, dropout, random }: NetworkOptions) {
    this.#classes = classes;
    this.#body = new MobileNet({ start, frozenBlocks, random });
    // All steps count alike in the beginning.
    this.#attention = parameter([1, EMBEDDING], new Float32Array(EMBEDDING), { rate: HEAD_RATE });
    this.#norm = new BatchNorm({ shape: [1, 2 * EMBEDDING, 1], axes: [0, 2], momentum: MOMENTUM });
    this.#dropout = new Dropout(dropout);
    const linear = (outputs: number, inputs: number) => ({
      weight: parameter(
        [outputs, inputs],
        Float32Array.from({ length: outputs * inputs }, () => random.normal() / Math.sqrt(inputs)),
        { rate: HEAD_RATE },
      ),
      bias: constantParameter([outputs, 1], 0, HEAD_RATE),
    });
    this.#emotion = linear(classes, 2 * EMBEDDING);
    this.#voice = linear(VOICE_CLASSES, EMBEDDING);
  }

  /** Windows [batch, frames, bands] → the logits of both layers. */
  forward(x: Variable): Variable {
    return this.logits(x).emotion;
  }

  logits(x: Variable): Logits {
    const map = mean(this.#body.forward(x), { axes: [1] });
    const [channels, steps, batch] = map.shape;
    const scores = matmul(this.#attention, reshape(map, [channels, steps * batch]));
    const shares = exp(logSoftmax(transpose(reshape(scores, [steps, batch]))));
    const weights = reshape(transpose(shares), [1, steps, batch]);
    const average = sum(mul(map, weights), { axes: [1] });
    const power = sum(mul(mul(map, map), weights), { axes: [1] });
    const variance = relu(sub(power, mul(average, average)));
    const deviation = sqrt(add(variance, filled([], VARIANCE_FLOOR)));
    const pooled = reshape(concat([average, deviation], 0), [1, 2 * channels, batch]);
    const normalized = reshape(this.#norm.forward(pooled), [2 * channels, batch]);
    const emotion = matmul(this.#emotion.weight, this.#dropout.forward(normalized));
    const voice = matmul(this.#voice.weight, average);
    return {
      emotion: transpose(add(emotion, this.#emotion.bias)),
      voice: transpose(add(voice, this.#voice.bias)),
    };
  }

  parameters(): Variable[] {
    return [
      ...this.#body.parameters(),
      this.#attention,
      ...this.#norm.parameters(),
      ...[this.#emotion.weight, this.#emotion.bias, this.#voice.weight, this.#voice.bias],
    ];
  }

  outputs(): Variable[] {
    return [...this.#body.outputs(), ...this.#norm.outputs()];
  }

  beforeStep(step: TrainingStep, random: Random): void {
    this.#dropout.beforeStep(step, random);
  }

  afterStep(step: TrainingStep): void {
    this.#body.afterStep(step);
    this.#norm.afterStep(step);
  }

  /** Returns the layers whose running statistics belong in a checkpoint, in a fixed order. */
  norms(): BatchNorm[] {
    return [...this.#body.norms(), this.#norm];
  }

  /** Returns what prediction needs, from the parameters that the step holds now. */
  weights(step: TrainingStep): NetworkWeights {
    const { slope, offset } = this.#norm.inference(step);
    const weight = step.buffer(this.#emotion.weight);
    const bias = step.buffer(this.#emotion.bias).map((value, k) => {
      const row = weight.subarray(k * 2 * EMBEDDING, (k + 1) * 2 * EMBEDDING);
      return row.reduce((total, w, i) => total + w * offset[i], value);
    });
    return {
      classes: this.#classes,
      ...this.#body.weights(step),
      attention: step.buffer(this.#attention).slice(),
      emotion: { weight: weight.map((w, i) => w * slope[i % (2 * EMBEDDING)]), bias },
      voice: {
        weight: step.buffer(this.#voice.weight).slice(),
        bias: step.buffer(this.#voice.bias).slice(),
      },
    };
  }
}
