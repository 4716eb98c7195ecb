import type { Matrix } from '../matrix.ts';

/**
 * What every classifier of the training pipeline offers, in scikit-learn's words.
 *
 * `X` is samples × features in float32; `y` holds class indices from 0 to `classCount - 1`. A class
 * may be absent from `y`: its probability is then 0, and the columns keep their places.
 */
export interface Classifier {
  /** Learns from the samples and returns itself. Throws a RangeError on shapes that do not fit. */
  fit(X: Matrix, y: Int32Array): this | Promise<this>;
  /** Returns samples × classes; every row sums to 1. */
  predictProbabilities(X: Matrix): Matrix | Promise<Matrix>;
}
