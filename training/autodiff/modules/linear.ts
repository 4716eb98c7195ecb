import type { Random } from '../../random.ts';
import { add, matmul } from '../operators/index.ts';
import type { Variable } from '../variable.ts';
import { constantParameter, kaimingNormal } from './initializers.ts';
import type { Module } from './module.ts';

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
