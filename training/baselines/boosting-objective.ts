import type { Matrix } from '../../evaluation/matrix.ts';
import { addTree, type TreeArrays } from './tree.ts';

/** The least probability that a logarithm is taken of, as XGBoost's mlogloss has it. */
const LEAST_PROBABILITY = 1e-16;

/** Writes the softmax of every row of `margins` (samples × classes, row-major) into `out`. */
export function softmaxRows(
  margins: Float64Array,
  classCount: number,
  out: Float64Array | Float32Array,
): void {
  for (let row = 0; row < margins.length; row += classCount) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classCount; c++) largest = Math.max(largest, margins[row + c]);
    let sum = 0;
    for (let c = 0; c < classCount; c++) sum += Math.exp(margins[row + c] - largest);
    for (let c = 0; c < classCount; c++) {
      out[row + c] = Math.exp(margins[row + c] - largest) / sum;
    }
  }
}

/** Returns the mean cross-entropy in nats, each sample counting by its weight (1 without weights). */
export function logLoss(
  probabilities: Float64Array,
  y: Int32Array,
  classCount: number,
  weights?: ArrayLike<number>,
): number {
  let loss = 0;
  let total = 0;
  for (let i = 0; i < y.length; i++) {
    const weight = weights ? weights[i] : 1;
    loss -= weight * Math.log(Math.max(probabilities[i * classCount + y[i]], LEAST_PROBABILITY));
    total += weight;
  }
  return loss / total;
}

/**
 * Writes the first and second derivative of the cross-entropy of softmax by the margin of class `c`
 * into `pairs`, those of sample i at 2i and 2i + 1. `probabilities` is samples × classes.
 *
 * They are p − [y = c] and 2 p (1 − p), as XGBoost's `multi:softprob` takes them. The factor 2 is
 * there because all classes' margins change in the same round: the whole Hessian, diag(p) − p pᵀ, is
 * bounded from above by twice its diagonal.
 */
export function softmaxPairs(
  probabilities: Float64Array,
  y: Int32Array,
  classCount: number,
  c: number,
  weights: ArrayLike<number> | undefined,
  pairs: Float64Array,
): void {
  for (let i = 0; i < y.length; i++) {
    const p = probabilities[i * classCount + c];
    const weight = weights ? weights[i] : 1;
    pairs[2 * i] = weight * (y[i] === c ? p - 1 : p);
    pairs[2 * i + 1] = weight * 2 * p * (1 - p);
  }
}

/** Samples with the margins and probabilities that the trees so far give them. */
export class Margins {
  readonly X: Matrix;
  readonly y: Int32Array;
  readonly weights: ArrayLike<number> | undefined;
  /** Samples × classes. */
  readonly probabilities: Float64Array;
  readonly #margins: Float64Array;
  readonly #classCount: number;

  constructor(X: Matrix, y: Int32Array, baseScores: Float32Array, weights?: ArrayLike<number>) {
    this.X = X;
    this.y = y;
    this.weights = weights;
    this.#classCount = baseScores.length;
    this.#margins = startingMargins(X.rows, baseScores);
    this.probabilities = new Float64Array(this.#margins.length);
    softmaxRows(this.#margins, this.#classCount, this.probabilities);
  }

  /** Adds trees and returns the mean cross-entropy after them. */
  add(trees: readonly TreeArrays[]): number {
    for (const tree of trees) addTree(tree, this.X, this.#margins, this.#classCount);
    softmaxRows(this.#margins, this.#classCount, this.probabilities);
    return logLoss(this.probabilities, this.y, this.#classCount, this.weights);
  }
}

/** Returns samples × classes. */
export function startingMargins(rows: number, baseScores: Float32Array): Float64Array {
  const margins = new Float64Array(rows * baseScores.length);
  for (let i = 0; i < rows; i++) margins.set(baseScores, i * baseScores.length);
  return margins;
}

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
