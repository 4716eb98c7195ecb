import type { Random } from '../../random.ts';
import { conv2d } from '../operators/index.ts';
import type { Variable } from '../variable.ts';
import { kaimingNormal } from './initializers.ts';
import type { Module } from './module.ts';

export interface Conv2dOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Height and width of the kernel, an odd number. */
  readonly kernelSize: number;
  /** Distance of output positions in rows and columns. [1, 1] by default. */
  readonly stride?: readonly [number, number];
  /** Where the weights are drawn from. */
  readonly random: Random;
}

/**
 * A square convolution over [batch, channels, height, width] whose padding keeps the size where the
 * stride is 1. It has no bias: batch normalisation, which would cancel it, follows.
 */
export class Conv2d implements Module {
  readonly weight: Variable;
  readonly #stride: readonly [number, number];
  readonly #padding: number;

  constructor({ inChannels, outChannels, kernelSize, stride = [1, 1], random }: Conv2dOptions) {
    const fanIn = inChannels * kernelSize ** 2;
    this.weight = kaimingNormal([outChannels, inChannels, kernelSize, kernelSize], fanIn, random);
    this.#stride = stride;
    this.#padding = (kernelSize - 1) / 2;
  }

  forward(x: Variable): Variable {
    const padding = [this.#padding, this.#padding] as const;
    return conv2d(x, this.weight, { stride: this.#stride, padding });
  }

  parameters(): Variable[] {
    return [this.weight];
  }
}
