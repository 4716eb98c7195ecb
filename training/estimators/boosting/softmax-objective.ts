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
