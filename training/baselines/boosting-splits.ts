import { GRADIENT_PLACE, type PackedPairs } from './boosting-objective.ts';
import type { Binned } from './tree.ts';

/** What keeps a tree small: the penalties of XGBoost's regularised objective. */
export interface Penalties {
  /** L2 penalty on leaf weights. */
  readonly lambda: number;
  /** L1 penalty on leaf weights. */
  readonly alpha: number;
  /** The gain that a split brings at least. */
  readonly gamma: number;
  /** The sum of hessians that either side of a split has at least. */
  readonly minChildWeight: number;
}

/** Gains up to this are taken for rounding noise, as XGBoost does. */
const NOISE = 1e-6;

/** Returns `gradient` moved towards zero by `alpha`, stopping there. */
export function softThreshold(gradient: number, alpha: number): number {
  if (gradient > alpha) return gradient - alpha;
  if (gradient < -alpha) return gradient + alpha;
  return 0;
}

/**
 * Returns the weight that a leaf takes whose samples' gradients sum to G and hessians to H:
 * −T(G) / (H + λ), where T is the soft threshold by α. It is 0 when H is below `minChildWeight`,
 * which only a root can be.
 *
 * Chen and Guestrin (2016), "XGBoost: A Scalable Tree Boosting System", equation 5.
 */
export function leafWeight(gradient: number, hessian: number, penalties: Penalties): number {
  if (hessian <= 0 || hessian < penalties.minChildWeight) return 0;
  return -softThreshold(gradient, penalties.alpha) / (hessian + penalties.lambda);
}

/**
 * Returns twice what such a leaf takes off the objective: T(G)² / (H + λ). The gain of a split is
 * the score of both sides less that of the node; like XGBoost, and unlike equation 7 of the paper,
 * it leaves out the factor ½ and does not subtract γ.
 */
export function leafScore(gradient: number, hessian: number, penalties: Penalties): number {
  if (hessian <= 0 || hessian < penalties.minChildWeight) return 0;
  const shrunk = softThreshold(gradient, penalties.alpha);
  return (shrunk * shrunk) / (hessian + penalties.lambda);
}

/** Returns whether a split with this gain is made. */
export function isWorthwhile(gain: number, penalties: Penalties): boolean {
  return gain > NOISE && gain >= penalties.gamma;
}

/**
 * Builds histograms: for every bin of every feature the sum of the packed pairs of the samples in
 * it. All features share one array.
 */
export class HistogramBuilder {
  /** Feature f has the bins from `offsets[f]` up to `offsets[f + 1]` (exclusive). */
  readonly offsets: Int32Array;
  readonly #binned: Binned;

  constructor(binned: Binned) {
    this.#binned = binned;
    this.offsets = new Int32Array(binned.columns + 1);
    for (let f = 0; f < binned.columns; f++) {
      this.offsets[f + 1] = this.offsets[f] + binned.edges[f].length + 1;
    }
  }

  allocate(): Float64Array {
    return new Float64Array(this.offsets[this.#binned.columns]);
  }

  /**
   * Fills in the bins of the given features. `samples` names the samples of the node from `begin` to
   * `end` (exclusive), and `pairs[i]` is the packed pair of `samples[i]`.
   */
  fill(
    histogram: Float64Array,
    features: Int32Array,
    samples: Int32Array,
    pairs: Float64Array,
    begin: number,
    end: number,
  ): void {
    const { offsets } = this;
    const { codes, rows } = this.#binned;
    for (const f of features) histogram.fill(0, offsets[f], offsets[f + 1]);
    // Eight features at a time, so that a sample's number and pair are loaded an eighth as often.
    let j = 0;
    for (; j + 8 <= features.length; j += 8) {
      const [f0, f1, f2, f3, f4, f5, f6, f7] = features.subarray(j, j + 8);
      const column0 = f0 * rows;
      const column1 = f1 * rows;
      const column2 = f2 * rows;
      const column3 = f3 * rows;
      const column4 = f4 * rows;
      const column5 = f5 * rows;
      const column6 = f6 * rows;
      const column7 = f7 * rows;
      const offset0 = offsets[f0];
      const offset1 = offsets[f1];
      const offset2 = offsets[f2];
      const offset3 = offsets[f3];
      const offset4 = offsets[f4];
      const offset5 = offsets[f5];
      const offset6 = offsets[f6];
      const offset7 = offsets[f7];
      for (let i = begin; i < end; i++) {
        const sample = samples[i];
        const pair = pairs[i];
        histogram[offset0 + codes[column0 + sample]] += pair;
        histogram[offset1 + codes[column1 + sample]] += pair;
        histogram[offset2 + codes[column2 + sample]] += pair;
        histogram[offset3 + codes[column3 + sample]] += pair;
        histogram[offset4 + codes[column4 + sample]] += pair;
        histogram[offset5 + codes[column5 + sample]] += pair;
        histogram[offset6 + codes[column6 + sample]] += pair;
        histogram[offset7 + codes[column7 + sample]] += pair;
      }
    }
    for (; j < features.length; j++) {
      const column = features[j] * rows;
      const offset = offsets[features[j]];
      for (let i = begin; i < end; i++) histogram[offset + codes[column + samples[i]]] += pairs[i];
    }
  }

  /** Takes a child off its parent in place: what is left is the other child. */
  subtract(parent: Float64Array, child: Float64Array, features: Int32Array): void {
    for (const f of features) {
      const end = this.offsets[f + 1];
      for (let b = this.offsets[f]; b < end; b++) parent[b] -= child[b];
    }
  }
}

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
