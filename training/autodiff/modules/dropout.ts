import type { Random } from '../../random.ts';
import { mul } from '../operators/index.ts';
import type { TrainingStep } from '../training-step.ts';
import { input, type Variable } from '../variable.ts';
import type { Module } from './module.ts';

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
