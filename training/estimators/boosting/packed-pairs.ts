/** What the gradient of a packed pair is multiplied by: the hessian takes the 26 bits below it. */
export const GRADIENT_PLACE = 2 ** 26;

/** The unit where all gradients, or all hessians, are 0. */
const LEAST_UNIT = 2 ** -80;

/** The sums of gradient and hessian over some samples. */
export interface Sums {
  readonly gradient: number;
  readonly hessian: number;
}

/**
 * Gradient pairs as single numbers, so that one addition sums both.
 *
 * Gradient and hessian are rounded to whole multiples of a unit each, and a pair is stored as
 * `gradient * 2^26 + hessian`, an integer that float64 holds exactly. The units are powers of two,
 * chosen so that no sum over different samples outgrows its half. So no sum ever rounds: it comes
 * out the same in any order, a node less one child is exactly the other child, and a set of samples
 * is empty exactly when its packed sum is 0, since every hessian is at least one unit.
 *
 * The units are about 2^-25 of the sums over all samples, far below what binning rounds away.
 */
export class PackedPairs {
  /** The packed pair of every sample. */
  readonly values: Float64Array;
  #gradientUnit = 1;
  #hessianUnit = 1;

  constructor(sampleCount: number) {
    this.values = new Float64Array(sampleCount);
  }

  get gradientUnit(): number {
    return this.#gradientUnit;
  }

  get hessianUnit(): number {
    return this.#hessianUnit;
  }

  /** Packs the gradient and the hessian (not negative) of every sample i, at 2i and 2i + 1. */
  pack(pairs: Float64Array): this {
    const { values } = this;
    let gradients = 0;
    let hessians = 0;
    for (let i = 0; i < values.length; i++) {
      gradients += Math.abs(pairs[2 * i]);
      hessians += pairs[2 * i + 1];
    }
    // Rounding, and the least hessian, add less than two units a sample.
    const room = GRADIENT_PLACE - 2 * values.length;
    this.#gradientUnit = powerOfTwoFrom(gradients / room);
    this.#hessianUnit = powerOfTwoFrom(hessians / room);
    const perGradient = 1 / this.#gradientUnit;
    const perHessian = 1 / this.#hessianUnit;
    for (let i = 0; i < values.length; i++) {
      const gradient = Math.round(pairs[2 * i] * perGradient);
      const hessian = Math.max(1, Math.round(pairs[2 * i + 1] * perHessian));
      values[i] = gradient * GRADIENT_PLACE + hessian;
    }
    return this;
  }

  /** Takes a sum of packed pairs apart. */
  unpack(sum: number): Sums {
    const gradient = Math.floor(sum / GRADIENT_PLACE);
    const hessian = sum - gradient * GRADIENT_PLACE;
    return { gradient: gradient * this.#gradientUnit, hessian: hessian * this.#hessianUnit };
  }
}

/** Returns the least power of two that is not below `value`. */
function powerOfTwoFrom(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(value, LEAST_UNIT)));
}
