import { batchNorm } from '../operators/index.ts';
import { type StaticShape, sizeOf } from '../shape.ts';
import type { TrainingStep } from '../training-step.ts';
import { parameter, type Variable } from '../variable.ts';
import { constantParameter } from './initializers.ts';
import type { Module } from './module.ts';

export interface BatchNormModuleOptions {
  /** The shape of gain, bias and statistics: that of the input with every axis in `axes` at 1. */
  readonly shape: StaticShape;
  /** The axes that the statistics run over. */
  readonly axes: readonly number[];
  /** The share of the newest batch in the running statistics. 0.1 by default. */
  readonly momentum?: number;
  /** Added to the variance. 1e-5 by default. */
  readonly epsilon?: number;
  /** What a trained network begins with; gain and variance 1, bias and mean 0 by default. */
  readonly initial?: {
    readonly gain: Float32Array;
    readonly bias: Float32Array;
    readonly mean: Float32Array;
    readonly variance: Float32Array;
  };
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) with a learnt gain and bias. Training normalises by
 * the statistics of the batch; for prediction, `inference` returns the map that the running ones
 * give, to be folded into the layer before.
 */
export class BatchNorm implements Module {
  readonly gain: Variable;
  readonly bias: Variable;
  readonly runningMean: Float32Array;
  /** The running average of the unbiased variance. */
  readonly runningVariance: Float32Array;
  readonly #axes: readonly number[];
  readonly #momentum: number;
  readonly #epsilon: number;
  /** n / (n − 1) for n values in a statistic. */
  #bessel = 1;
  #statistics: Variable[] = [];

  constructor({ shape, axes, momentum = 0.1, epsilon = 1e-5, initial }: BatchNormModuleOptions) {
    this.gain = initial ? parameter(shape, initial.gain, { decays: false }) : constantParameter(shape, 1);
    this.bias = initial ? parameter(shape, initial.bias, { decays: false }) : constantParameter(shape, 0);
    this.runningMean = initial?.mean.slice() ?? new Float32Array(sizeOf(shape));
    this.runningVariance = initial?.variance.slice() ?? new Float32Array(sizeOf(shape)).fill(1);
    this.#axes = axes;
    this.#momentum = momentum;
    this.#epsilon = epsilon;
  }

  forward(x: Variable): Variable {
    const options = { axes: this.#axes, epsilon: this.#epsilon };
    const { output, mean, variance } = batchNorm(x, this.gain, this.bias, options);
    const count = sizeOf(x.shape) / this.runningMean.length;
    this.#bessel = count / Math.max(1, count - 1);
    this.#statistics = [mean, variance];
    return output;
  }

  parameters(): Variable[] {
    return [this.gain, this.bias];
  }

  outputs(): Variable[] {
    return this.#statistics;
  }

  afterStep(step: TrainingStep): void {
    const [mean, variance] = this.#statistics.map((statistic) => step.buffer(statistic));
    for (let i = 0; i < mean.length; i++) {
      this.runningMean[i] += this.#momentum * (mean[i] - this.runningMean[i]);
      const unbiased = variance[i] * this.#bessel;
      this.runningVariance[i] += this.#momentum * (unbiased - this.runningVariance[i]);
    }
  }

  /** Returns the affine map x · slope + offset that stands for this module in prediction. */
  inference(step: TrainingStep): { slope: Float32Array; offset: Float32Array } {
    const gain = step.buffer(this.gain);
    const bias = step.buffer(this.bias);
    const slope = gain.map((g, i) => g / Math.sqrt(this.runningVariance[i] + this.#epsilon));
    const offset = bias.map((b, i) => b - this.runningMean[i] * slope[i]);
    return { slope, offset };
  }
}
