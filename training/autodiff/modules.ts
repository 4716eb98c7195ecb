import type { Random } from '../random.ts';
import { add, matmul, mul } from './elementary.ts';
import { batchNorm } from './normalization.ts';
import type { TrainingStep } from './program.ts';
import {
  input,
  type ParameterOptions,
  parameter,
  type StaticShape,
  sizeOf,
  type Variable,
} from './variable.ts';

/** A piece of a network: it holds parameters and turns one variable into another. */
export interface Module {
  /** Returns the output for `x`, as in training. Called once per network. */
  forward(x: Variable): Variable;
  /** Returns what is to be learnt, in a fixed order. Known before `forward`. */
  parameters(): Variable[];
  /** Returns what `afterStep` reads, to be compiled as outputs. Known after `forward`. */
  outputs?(): Variable[];
  /** Fills the inputs that the module feeds itself, such as dropout masks. */
  beforeStep?(step: TrainingStep, random: Random): void;
  /** Keeps what the module learns without a gradient, such as running statistics. */
  afterStep?(step: TrainingStep): void;
}

/**
 * Returns a parameter drawn from a normal distribution with variance gain² / fanIn, which keeps the
 * variance of activations from layer to layer (He et al. 2015).
 *
 * @param fanIn how many inputs one output sums over
 * @param gain √2 before a ReLU, 1 before nothing
 */
export function kaimingNormal(
  shape: StaticShape,
  fanIn: number,
  random: Random,
  gain = Math.SQRT2,
  options: ParameterOptions = {},
): Variable {
  const deviation = gain / Math.sqrt(fanIn);
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
  return parameter(shape, values, options);
}

/** Returns a parameter with one value everywhere, for biases and gains: weight decay spares it. */
export function constantParameter(shape: StaticShape, value: number, rate = 1): Variable {
  const initial = new Float32Array(sizeOf(shape)).fill(value);
  return parameter(shape, initial, { decays: false, rate });
}

export interface LinearOptions {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Where the weights are drawn from. */
  readonly random: Random;
  /** False before batch normalisation, which would cancel it. True by default. */
  readonly bias?: boolean;
  /** √2 (the default) before a ReLU, 1 before nothing; see `kaimingNormal`. */
  readonly gain?: number;
  /**
   * How many independent layers work side by side, each on its own slice of a leading axis: for an
   * ensemble in one graph. Without it there is one, and x may have any leading axes.
   */
  readonly members?: number;
}

/**
 * x · weight + bias over the last axis. The weight is [in, out], or [members, in, out] with an input
 * of [members, rows, in]; the bias starts at 0.
 */
export class Linear implements Module {
  readonly weight: Variable;
  readonly bias: Variable | undefined;

  constructor({ inFeatures, outFeatures, random, bias = true, gain, members }: LinearOptions) {
    const lead = members === undefined ? [] : [members];
    this.weight = kaimingNormal([...lead, inFeatures, outFeatures], inFeatures, random, gain);
    if (bias) {
      const shape = members === undefined ? [outFeatures] : [members, 1, outFeatures];
      this.bias = constantParameter(shape, 0);
    }
  }

  forward(x: Variable): Variable {
    const product = matmul(x, this.weight);
    return this.bias ? add(product, this.bias) : product;
  }

  parameters(): Variable[] {
    return this.bias ? [this.weight, this.bias] : [this.weight];
  }
}

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
    this.gain = initial
      ? parameter(shape, initial.gain, { decays: false })
      : constantParameter(shape, 1);
    this.bias = initial
      ? parameter(shape, initial.bias, { decays: false })
      : constantParameter(shape, 0);
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

/**
 * Sets each element to 0 with probability `rate` and scales the others by 1 / (1 − rate), so that
 * nothing has to be done at prediction (Srivastava et al. 2014). The masks are drawn here and fed to
 * the graph, because a random operator inside it would not repeat from run to run.
 */
export class Dropout implements Module {
  readonly #rate: number;
  #mask: Variable | undefined;

  /** Throws a RangeError unless 0 ≤ rate < 1. */
  constructor(rate: number) {
    if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout rate ${rate} is not in [0, 1)`);
    this.#rate = rate;
  }

  forward(x: Variable): Variable {
    if (this.#rate === 0) return x;
    this.#mask = input(x.shape);
    return mul(x, this.#mask);
  }

  parameters(): Variable[] {
    return [];
  }

  beforeStep(step: TrainingStep, random: Random): void {
    if (this.#mask) fillMask(step.buffer(this.#mask), this.#rate, random);
  }
}

function fillMask(mask: Float32Array, rate: number, random: Random): void {
  const kept = 1 / (1 - rate);
  // One draw decides two elements: drawing is what takes the time, and 16 bits place the rate within
  // a hundred-thousandth.
  const threshold = Math.round(rate * 65536);
  for (let i = 0; i < mask.length; i += 2) {
    const bits = random.integer(4294967296) | 0;
    mask[i] = (bits & 65535) < threshold ? 0 : kept;
    if (i + 1 < mask.length) mask[i + 1] = bits >>> 16 < threshold ? 0 : kept;
  }
}

/** Modules one after another; a bare function stands for a module without parameters. */
export class Sequential implements Module {
  readonly #stages: readonly (Module | ((x: Variable) => Variable))[];
  readonly #modules: readonly Module[];

  constructor(stages: readonly (Module | ((x: Variable) => Variable))[]) {
    this.#stages = stages;
    this.#modules = stages.filter((stage) => typeof stage !== 'function');
  }

  forward(x: Variable): Variable {
    return this.#stages.reduce(
      (value, stage) => (typeof stage === 'function' ? stage(value) : stage.forward(value)),
      x,
    );
  }

  parameters(): Variable[] {
    return this.#modules.flatMap((module) => module.parameters());
  }

  outputs(): Variable[] {
    return this.#modules.flatMap((module) => module.outputs?.() ?? []);
  }

  beforeStep(step: TrainingStep, random: Random): void {
    for (const module of this.#modules) module.beforeStep?.(step, random);
  }

  afterStep(step: TrainingStep): void {
    for (const module of this.#modules) module.afterStep?.(step);
  }
}
