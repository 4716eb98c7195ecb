import type { Matrix } from '../../evaluation/matrix.ts';

/**
 * A matrix whose features were replaced by the number of the bin that each value falls into.
 *
 * A value goes left of edge k exactly when its code does: `code <= k` ⇔ `x <= edges[f][k]` in
 * float32, so a tree grown on codes gives the same answers on raw values.
 */
export interface Binned {
  readonly rows: number;
  readonly columns: number;
  /** Column-major: the codes of feature f start at `f * rows`. */
  readonly codes: Uint8Array;
  /** For each feature its edges in ascending order, one fewer than it has bins. */
  readonly edges: readonly Float32Array[];
}

/** Codes are stored in a byte. */
const MOST_BINS = 256;

/**
 * Returns the features of `X` (samples × features) as small integers.
 *
 * A feature with at most `maxBins` distinct values gets one bin for each; any other gets bins that
 * hold about equally many samples. An edge lies midway between the two values it parts. A constant
 * feature has one bin and no edge.
 *
 * Throws a RangeError when `maxBins` is not in 2…256 or a value is not finite.
 *
 * @example
 * const { codes, edges } = bin(fromRows([[1], [2], [9]]));
 * // codes: 0 1 2; edges: [[1.5, 5.5]]
 */
export function bin(X: Matrix, maxBins = MOST_BINS): Binned {
  if (!(Number.isInteger(maxBins) && maxBins >= 2 && maxBins <= MOST_BINS)) {
    throw new RangeError(`maxBins is ${maxBins}; it takes an integer from 2 to ${MOST_BINS}`);
  }
  const { rows, columns, data } = X;
  const codes = new Uint8Array(rows * columns);
  const edges: Float32Array[] = [];
  const column = new Float32Array(rows);
  for (let f = 0; f < columns; f++) {
    for (let i = 0; i < rows; i++) {
      const value = data[i * columns + f];
      if (!Number.isFinite(value)) {
        throw new RangeError(`feature ${f} of sample ${i} is ${value}; trees take finite values`);
      }
      column[i] = value;
    }
    const found = edgesOf(column.slice().sort(), maxBins);
    for (let i = 0; i < rows; i++) codes[f * rows + i] = codeOf(column[i], found);
    edges.push(found);
  }
  return { rows, columns, codes, edges };
}

/** Returns how many edges lie below `value`: its bin. */
function codeOf(value: number, edges: Float32Array): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= edges[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

function edgesOf(sorted: Float32Array, maxBins: number): Float32Array {
  const edges: number[] = [];
  let distinctLeft = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) distinctLeft++;
  }
  let binsLeft = maxBins;
  let binStart = 0;
  let runStart = 0;
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i] === sorted[i - 1]) continue;
    // The bin in hand ends at i. The share it is due is counted anew for each bin, so that a value
    // that occurs very often does not starve the ones after it.
    distinctLeft--;
    let next = i + 1;
    while (next < sorted.length && sorted[next] === sorted[i]) next++;
    const due = (sorted.length - binStart) / binsLeft;
    const full = distinctLeft < binsLeft || i - binStart + (next - i) / 2 >= due;
    if (full && binsLeft > 1) {
      edges.push(midway(sorted[runStart], sorted[i]));
      binsLeft--;
      binStart = i;
    }
    runStart = i;
  }
  return Float32Array.from(edges);
}

/** Returns a float32 t with `low <= t < high`, half-way where float32 has such a number. */
function midway(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle < high ? middle : low;
}

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
