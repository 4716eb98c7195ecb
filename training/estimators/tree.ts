import type { Matrix } from '../matrix.ts';

/**
 * One decision tree as flat arrays, which can be posted between workers. Node 0 is the root, and a
 * child always comes after its parent.
 *
 * A leaf adds one or more weights to as many targets (a class, an output): a boosted tree has one
 * entry a leaf, a classification tree one for each class that occurs in it.
 */
export interface TreeArrays {
  /** The feature that node i looks at, or -1 when it is a leaf. */
  readonly feature: Int32Array;
  /** A sample goes left when its feature is at most this, compared in float32. */
  readonly threshold: Float32Array;
  /** The left child of a branch; for a leaf, where its entries start in `targets` and `weights`. */
  readonly left: Int32Array;
  /** The right child of a branch; for a leaf, where its entries end (exclusive). */
  readonly right: Int32Array;
  /** What the split of a branch gained (impurity or loss over all samples); 0 for a leaf. */
  readonly gain: Float32Array;
  /** Which target each leaf entry adds to. */
  readonly targets: Uint8Array;
  /** How much each leaf entry adds. */
  readonly weights: Float32Array;
}

/** Adds what `tree` says about every row of `X` to `sums`, rows × `targetCount` in row-major order. */
export function addTree(
  tree: TreeArrays,
  X: Matrix,
  sums: Float64Array,
  targetCount: number,
): void {
  const { feature, threshold, left, right, targets, weights } = tree;
  const { rows, columns, data } = X;
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    let node = 0;
    while (feature[node] >= 0) {
      node = data[start + feature[node]] <= threshold[node] ? left[node] : right[node];
    }
    for (let e = left[node]; e < right[node]; e++) sums[i * targetCount + targets[e]] += weights[e];
  }
}

/**
 * Returns how much each feature contributed: the gain of its splits, as a share within each tree,
 * averaged over the trees that split at all. They sum to 1, or are all 0 when no tree splits.
 *
 * For a forest this is the mean decrease in impurity (Breiman 2001).
 */
export function featureImportances(
  trees: readonly TreeArrays[],
  featureCount: number,
): Float64Array {
  const importances = new Float64Array(featureCount);
  for (const { feature, gain } of trees) {
    const total = gain.reduce((sum, value) => sum + value, 0);
    if (total <= 0) continue;
    for (let i = 0; i < feature.length; i++) {
      if (feature[i] >= 0) importances[feature[i]] += gain[i] / total;
    }
  }
  const total = importances.reduce((sum, value) => sum + value, 0);
  return total > 0 ? importances.map((value) => value / total) : importances;
}
