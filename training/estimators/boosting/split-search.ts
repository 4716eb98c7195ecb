import { isWorthwhile, leafScore, type Penalties, softThreshold } from './gain.ts';
import { GRADIENT_PLACE, type PackedPairs } from './packed-pairs.ts';

const PER_GRADIENT = 1 / GRADIENT_PLACE;

/** A split of one node: samples whose code of `feature` is at most `bin` go left. */
export interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly gain: number;
  /** The packed sum over the left side. */
  readonly left: number;
}

/**
 * Returns the split with the largest gain among all bins of the given features, or undefined when
 * none is worthwhile. The first one wins a tie. Histogram and `offsets` are a `HistogramBuilder`'s,
 * `sum` is the packed sum over the whole node, and `pairs` knows the units.
 *
 * Chen and Guestrin (2016), "XGBoost: A Scalable Tree Boosting System", algorithm 1 on bins.
 */
export function findSplit(
  histogram: Float64Array,
  offsets: Int32Array,
  features: Int32Array,
  sum: number,
  pairs: PackedPairs,
  penalties: Penalties,
): Split | undefined {
  const { gradient, hessian } = pairs.unpack(sum);
  const { gradientUnit, hessianUnit } = pairs;
  const nodeScore = leafScore(gradient, hessian, penalties);
  const { lambda, alpha, minChildWeight } = penalties;
  let bestScore = nodeScore;
  let bestFeature = -1;
  let bestBin = 0;
  let bestLeft = 0;
  for (let j = 0; j < features.length; j++) {
    const feature = features[j];
    const first = offsets[feature];
    const last = offsets[feature + 1] - 1;
    let leftSum = 0;
    // An empty bin gives the score of the one before it: to pass over it would cost more, in
    // mispredicted branches, than to work that out again.
    for (let b = first; b < last; b++) {
      leftSum += histogram[b];
      const whole = Math.floor(leftSum * PER_GRADIENT);
      const leftHessian = (leftSum - whole * GRADIENT_PLACE) * hessianUnit;
      const rightHessian = hessian - leftHessian;
      if (leftHessian < minChildWeight || rightHessian < minChildWeight) continue;
      let left = whole * gradientUnit;
      let right = gradient - left;
      if (alpha > 0) {
        left = softThreshold(left, alpha);
        right = softThreshold(right, alpha);
      }
      // The sum of both sides' leafScore, spelled out for speed. With an empty side that is the score
      // of the node, or NaN when lambda is 0: neither is better than the best.
      const score =
        (left * left) / (leftHessian + lambda) + (right * right) / (rightHessian + lambda);
      if (score > bestScore) {
        bestScore = score;
        bestFeature = feature;
        bestBin = b - first;
        bestLeft = leftSum;
      }
    }
  }
  const gain = bestScore - nodeScore;
  if (bestFeature < 0 || !isWorthwhile(gain, penalties)) return undefined;
  return { feature: bestFeature, bin: bestBin, gain, left: bestLeft };
}
