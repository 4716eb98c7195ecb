import type { Matrix } from '../../matrix.ts';

/** Throws a RangeError unless every sample has a label from 0 to `classCount` − 1. */
export function checkSamples(X: Matrix, y: Int32Array, classCount: number): void {
  if (X.rows === 0 || X.columns === 0 || y.length !== X.rows) {
    throw new RangeError(`X is ${X.rows} × ${X.columns}, y has ${y.length} labels`);
  }
  for (const label of y) {
    if (label < 0 || label >= classCount) {
      throw new RangeError(`label ${label} is not a class from 0 to ${classCount - 1}`);
    }
  }
}

/** Throws a RangeError unless `X` has the features that the booster learned from. */
export function checkColumns(X: Matrix, featureCount: number): void {
  if (X.columns !== featureCount) {
    throw new RangeError(`X has ${X.columns} features, the booster learned from ${featureCount}`);
  }
}

/** Throws a RangeError unless there are as many finite weights, none negative and not all 0. */
export function checkWeights(weights: ArrayLike<number>, rows: number): void {
  if (weights.length !== rows) {
    throw new RangeError(`${rows} samples have ${weights.length} weights`);
  }
  let positive = false;
  for (let i = 0; i < rows; i++) {
    if (!(weights[i] >= 0 && Number.isFinite(weights[i]))) {
      throw new RangeError(`weight ${i} is ${weights[i]}; it takes a number from 0 up`);
    }
    positive ||= weights[i] > 0;
  }
  if (!positive) throw new RangeError('all weights are 0');
}
