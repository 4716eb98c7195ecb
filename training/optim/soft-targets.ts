import { type Matrix, rowOf, zeros } from '../matrix.ts';
import type { Random } from '../random.ts';

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
 * Returns a draw from the symmetric Beta(alpha, alpha) distribution, 0 < alpha, by Jöhnk's method
 * (1964), which is at its best for an alpha up to 1.
 */
export function sampleBeta(alpha: number, random: Random): number {
  for (;;) {
    const a = random.uniform() ** (1 / alpha);
    const b = random.uniform() ** (1 / alpha);
    if (a + b > 0 && a + b <= 1) return a / (a + b);
  }
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
