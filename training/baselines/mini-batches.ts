import { type Matrix, rowOf, zeros } from '../../evaluation/matrix.ts';
import { type Random, sampleBeta } from '../random.ts';

/**
 * Yields, without end, `batchSize` row indices at a time, drawn from one fresh permutation of the
 * rows after another: every row is seen once in each pass and no batch is short, which a graph of
 * static shape needs. The yielded array is reused.
 *
 * @example
 * const batches = miniBatches(2500, 64, createRandom(42));
 * const indices = batches.next().value;
 */
export function* miniBatches(
  rows: number,
  batchSize: number,
  random: Random,
): Generator<Int32Array, never> {
  if (!(rows > 0 && batchSize > 0))
    throw new RangeError(`no batch of ${batchSize} from ${rows} rows`);
  const permutation = Int32Array.from({ length: rows }, (_, i) => i);
  const batch = new Int32Array(batchSize);
  let next = rows;
  for (;;) {
    for (let i = 0; i < batchSize; i++) {
      if (next === rows) {
        random.shuffle(permutation);
        next = 0;
      }
      batch[i] = permutation[next++];
    }
    yield batch;
  }
}

/**
 * Returns samples × classes: 1 − smoothing + smoothing / classes at the true class and
 * smoothing / classes elsewhere (label smoothing, Szegedy et al. 2016). 0 gives one-hot rows.
 */
export function smoothTargets(y: ArrayLike<number>, classCount: number, smoothing: number): Matrix {
  const targets = zeros(y.length, classCount);
  targets.data.fill(smoothing / classCount);
  for (let i = 0; i < y.length; i++) targets.data[i * classCount + y[i]] += 1 - smoothing;
  return targets;
}

/**
 * Writes the named rows of X and of the targets into the two buffers of a batch, each row blended
 * with another row of the same batch by a weight from Beta(alpha, alpha) (mixup, Zhang et al. 2018).
 * An alpha of 0 copies the rows as they are.
 */
export function fillMixup(
  batch: { readonly x: Float32Array; readonly targets: Float32Array },
  X: Matrix,
  targets: Matrix,
  indices: Int32Array,
  alpha: number,
  random: Random,
): void {
  const partners = alpha > 0 ? random.shuffle(indices.slice()) : indices;
  for (let i = 0; i < indices.length; i++) {
    const weight = alpha > 0 ? sampleBeta(alpha, random) : 1;
    blend(batch.x, i, X, indices[i], partners[i], weight);
    blend(batch.targets, i, targets, indices[i], partners[i], weight);
  }
}

function blend(
  into: Float32Array,
  position: number,
  matrix: Matrix,
  row: number,
  partner: number,
  weight: number,
): void {
  const { columns } = matrix;
  const a = rowOf(matrix, row);
  if (weight === 1) {
    into.set(a, position * columns);
    return;
  }
  const b = rowOf(matrix, partner);
  const start = position * columns;
  for (let j = 0; j < columns; j++) into[start + j] = weight * a[j] + (1 - weight) * b[j];
}
