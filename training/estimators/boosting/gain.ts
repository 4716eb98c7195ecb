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
