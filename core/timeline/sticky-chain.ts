/**
 * Returns the probability of each class at each step, given everything before and after it: the
 * forward–backward algorithm (Rabiner 1989, Proc. IEEE 77(2)) for a hidden Markov model that mostly
 * stays in its class and otherwise changes to any other one, all as likely.
 *
 * @param evidence log-likelihood of each class at each step, up to a constant of the step
 * @param expectedSteps how many steps a class lasts on average
 * @returns steps × classes; each row sums to 1
 * @example
 * const smoothed = smooth([Float64Array.of(0, -1), Float64Array.of(-0.2, 0)], 8);
 */
export function smooth(evidence: readonly Float64Array[], expectedSteps: number): Float64Array[] {
  if (evidence.length === 0) return [];
  const before = expectations(evidence, expectedSteps);
  // The model is the same in both directions.
  const after = expectations(evidence.toReversed(), expectedSteps).reverse();
  return evidence.map((step, t) => {
    const expected = before[t].map((p, k) => p * after[t][k]);
    return weigh(expected, step);
  });
}

/** Returns what all earlier steps let one expect of each step; of the first, nothing. */
function expectations(
  evidence: readonly Float64Array[],
  expectedSteps: number,
): Float64Array<ArrayBuffer>[] {
  const classes = evidence[0].length;
  // However short a class may last, a change to any one other is never likelier than staying.
  const change = Math.min(1 / (expectedSteps * (classes - 1)), 1 / classes);
  const stay = 1 - change * (classes - 1);
  let expected = new Float64Array(classes).fill(1 / classes);
  return evidence.map((step) => {
    const current = expected;
    expected = weigh(current, step).map((p) => change + (stay - change) * p);
    return current;
  });
}

/** Returns probabilities times likelihoods, brought to a sum of 1. */
function weigh(
  probabilities: Float64Array,
  logLikelihoods: Float64Array,
): Float64Array<ArrayBuffer> {
  const most = Math.max(...logLikelihoods);
  const product = Float64Array.from(
    probabilities,
    (p, k) => p * Math.exp(logLikelihoods[k] - most),
  );
  const sum = product.reduce((a, b) => a + b, 0);
  return product.map((p) => p / sum);
}
