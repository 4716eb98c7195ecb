import type { Matrix } from '../../matrix.ts';
import { addTree, type TreeArrays } from '../tree.ts';
import { logLoss, softmaxRows } from './softmax-objective.ts';

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
