import type { Matrix } from '../matrix.ts';

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
