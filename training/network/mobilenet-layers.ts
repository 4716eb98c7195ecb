import { BatchNorm, parameter, type Variable } from '../autodiff/index.ts';
import type { Random } from '../random.ts';
import {
  type BlockShape,
  type BlockWeights,
  type FoldedConvolution,
  foldNorm,
  type SqueezeWeights,
} from './inference.ts';
import { type Tensors, tensorOf } from './weights-file.ts';

const NORM_EPSILON = 1e-3;
/** Running statistics are averaged over about a hundred batches, as the weights are at the end. */
const MOMENTUM = 0.01;

/** A convolution and the normalisation behind it. */
export interface Layer {
  /** [outputs, inputs], or [channels, kernel · kernel]. */
  readonly weight: Variable;
  readonly norm: BatchNorm;
  /** [outputs, inputs / groups, kernel, kernel], for prediction. */
  readonly dims: readonly number[];
  readonly groups: number;
}

export interface Block {
  readonly shape: BlockShape;
  readonly expand: Layer | null;
  readonly depthwise: Layer;
  readonly squeeze: readonly Variable[] | null;
  readonly project: Layer;
}

/** Makes layers under the names that torchvision gives them, from a file or at random. */
export class LayerBuilder {
  readonly #start: Tensors | null;
  readonly #random: Random;

  constructor(start: Tensors | null, random: Random) {
    this.#start = start;
    this.#random = random;
  }

  layer(name: string, dims: readonly number[], groups = 1): Layer {
    const [channels, ...rest] = dims;
    const inputs = rest.reduce((a, b) => a * b, 1);
    const norm = new BatchNorm({
      shape: [1, channels, 1],
      axes: [0, 2],
      momentum: MOMENTUM,
      epsilon: NORM_EPSILON,
      initial: this.#norm(name, channels),
    });
    return { weight: this.#weight(`${name}.0.weight`, [channels, inputs]), norm, dims, groups };
  }

  folded(name: string, dims: readonly number[], groups = 1): FoldedConvolution {
    const [channels, ...rest] = dims;
    const inputs = rest.reduce((a, b) => a * b, 1);
    const { gain, bias, mean: average, variance } = this.#norm(name, channels);
    const slope = gain.map((g, i) => g / Math.sqrt(variance[i] + NORM_EPSILON));
    const offset = bias.map((b, i) => b - average[i] * slope[i]);
    const weight = this.#values(`${name}.0.weight`, [channels, inputs]);
    return foldNorm(weight, { dims, groups }, { slope, offset });
  }

  block(shape: BlockShape, index: number): Block {
    const { names, dims } = partsOf(shape, index);
    return {
      shape,
      expand: names.expand === null ? null : this.layer(names.expand, dims.expand),
      depthwise: this.layer(names.depthwise, dims.depthwise, shape.expansion),
      squeeze: names.squeeze === null ? null : this.#squeeze(names.squeeze, shape),
      project: this.layer(names.project, dims.project),
    };
  }

  foldedBlock(shape: BlockShape, index: number): BlockWeights {
    const { names, dims } = partsOf(shape, index);
    return {
      shape,
      expand: names.expand === null ? null : this.folded(names.expand, dims.expand),
      depthwise: this.folded(names.depthwise, dims.depthwise, shape.expansion),
      squeeze:
        names.squeeze === null
          ? null
          : squeezeWeights(
              this.#squeeze(names.squeeze, shape).map(({ source }) =>
                source.kind === 'parameter' ? source.initial : new Float32Array(0),
              ),
            ),
      project: this.folded(names.project, dims.project),
    };
  }

  #squeeze(name: string, { squeeze, expansion }: BlockShape): Variable[] {
    const size = squeeze ?? 0;
    const bias = (part: string, count: number) =>
      parameter(
        [count, 1],
        this.#start ? tensorOf(this.#start, `${name}.${part}`, count) : new Float32Array(count),
        { decays: false },
      );
    return [
      this.#weight(`${name}.fc1.weight`, [size, expansion]),
      bias('fc1.bias', size),
      this.#weight(`${name}.fc2.weight`, [expansion, size]),
      bias('fc2.bias', expansion),
    ];
  }

  #weight(name: string, shape: readonly [number, number]): Variable {
    return parameter(shape, this.#values(name, shape));
  }

  #values(name: string, [outputs, inputs]: readonly [number, number]): Float32Array {
    if (this.#start) return tensorOf(this.#start, name, outputs * inputs);
    const deviation = Math.sqrt(2 / inputs);
    const draw = () => deviation * this.#random.normal();
    return Float32Array.from({ length: outputs * inputs }, draw);
  }

  #norm(name: string, channels: number) {
    const tensor = (part: string, otherwise: number) =>
      this.#start
        ? tensorOf(this.#start, `${name}.1.${part}`, channels)
        : new Float32Array(channels).fill(otherwise);
    return {
      gain: tensor('weight', 1),
      bias: tensor('bias', 0),
      mean: tensor('running_mean', 0),
      variance: tensor('running_var', 1),
    };
  }
}

/** Names and sizes of the parts of a block: they are numbered in the order of execution. */
function partsOf({ kernel, input, expansion, output, squeeze }: BlockShape, index: number) {
  let part = 0;
  const next = () => `features.${index}.block.${part++}`;
  const names = {
    expand: expansion === input ? null : next(),
    depthwise: next(),
    squeeze: squeeze === null ? null : `${next()}.conc_se_layers.0`,
    project: next(),
  };
  const dims = {
    expand: [expansion, input, 1, 1],
    depthwise: [expansion, 1, kernel, kernel],
    project: [output, expansion, 1, 1],
  };
  return { names, dims };
}

export function squeezeWeights([
  reduce,
  reduceBias,
  expand,
  expandBias,
]: Float32Array[]): SqueezeWeights {
  return {
    reduce: reduce.slice(),
    reduceBias: reduceBias.slice(),
    expand: expand.slice(),
    expandBias: expandBias.slice(),
  };
}
