/** A dense row-major matrix of float32: row i starts at `i * columns`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** Returns a matrix of zeros. */
export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, data: new Float32Array(rows * columns) };
}

/** Returns a view (not a copy) of row `i`. */
export function rowOf(matrix: Matrix, i: number): Float32Array {
  return matrix.data.subarray(i * matrix.columns, (i + 1) * matrix.columns);
}

/** Returns a new matrix of the rows named by `indices`, in that order. */
export function takeRows(matrix: Matrix, indices: ArrayLike<number>): Matrix {
  const taken = zeros(indices.length, matrix.columns);
  for (let i = 0; i < indices.length; i++) {
    taken.data.set(rowOf(matrix, indices[i]), i * matrix.columns);
  }
  return taken;
}

/** Returns a matrix of the given rows, which all have the same length. */
export function fromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const matrix = zeros(rows.length, columns);
  rows.forEach((row, i) => {
    if (row.length !== columns) {
      throw new RangeError(`row ${i} has ${row.length} columns, the first has ${columns}`);
    }
    matrix.data.set(row, i * columns);
  });
  return matrix;
}

/** Returns, for every row, the column of its largest value (the first one on a tie). */
export function argmaxRows(matrix: Matrix): Int32Array {
  const best = new Int32Array(matrix.rows);
  for (let i = 0; i < matrix.rows; i++) {
    const row = rowOf(matrix, i);
    for (let j = 1; j < row.length; j++) if (row[j] > row[best[i]]) best[i] = j;
  }
  return best;
}
