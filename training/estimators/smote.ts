import { type Matrix, rowOf, zeros } from '../matrix.ts';
import { createRandom, type Random } from '../random.ts';

export interface SmoteOptions {
  /** How many nearest samples of the same class a new one may lean towards. Default 5. */
  readonly neighbours?: number;
  /** Default 0. */
  readonly seed?: number;
}

export interface Samples {
  readonly X: Matrix;
  readonly y: Int32Array;
}

/**
 * Returns the samples with synthetic ones added behind them, so that every class present has as many
 * as the largest (SMOTE, Chawla et al. 2002). A synthetic sample lies at a random place between a
 * sample and one of its nearest neighbours (Euclidean) of the same class; the samples of a class
 * take turns as the one to start from. Scale the features first, or the widest decides who is near.
 *
 * A class with `neighbours` samples or fewer uses all it has; one with a single sample has no
 * neighbour, and that sample is repeated.
 *
 * Throws a RangeError when `neighbours` is not a positive integer or X and y do not fit.
 *
 * @example
 * const balanced = smote(X, y, { neighbours: 5, seed: 42 });
 */
export function smote(
  X: Matrix,
  y: Int32Array,
  { neighbours = 5, seed = 0 }: SmoteOptions = {},
): Samples {
  if (!(Number.isInteger(neighbours) && neighbours >= 1)) {
    throw new RangeError(`neighbours is ${neighbours}; it takes an integer of at least 1`);
  }
  if (y.length !== X.rows) throw new RangeError(`X has ${X.rows} samples, y ${y.length} labels`);

  const members = new Map<number, number[]>();
  for (let i = 0; i < y.length; i++) {
    const ofClass = members.get(y[i]);
    if (ofClass) ofClass.push(i);
    else members.set(y[i], [i]);
  }
  const largest = Math.max(0, ...[...members.values()].map(({ length }) => length));
  const balanced = zeros(members.size * largest, X.columns);
  balanced.data.set(X.data);
  const labels = new Int32Array(balanced.rows);
  labels.set(y);
  let row = X.rows;
  for (const label of [...members.keys()].sort((a, b) => a - b)) {
    const ofClass = members.get(label)!;
    const missing = largest - ofClass.length;
    labels.fill(label, row, row + missing);
    // A stream for each class, so that what one class draws does not depend on another.
    synthesise(X, ofClass, neighbours, createRandom(seed, label), balanced, row, row + missing);
    row += missing;
  }
  return { X: balanced, y: labels };
}

/** Fills the rows `from` up to `to` (exclusive) of `out` with new samples of one class. */
function synthesise(
  X: Matrix,
  members: readonly number[],
  neighbours: number,
  random: Random,
  out: Matrix,
  from: number,
  to: number,
): void {
  const turns = random.shuffle([...members]);
  const nearest = new Map<number, number[]>();
  for (let row = from; row < to; row++) {
    const base = turns[(row - from) % turns.length];
    let near = nearest.get(base);
    if (!near) {
      near = nearestTo(X, base, members, neighbours);
      nearest.set(base, near);
    }
    const start = rowOf(X, base);
    const end = near.length > 0 ? rowOf(X, near[random.integer(near.length)]) : start;
    const share = random.uniform();
    const sample = rowOf(out, row);
    for (let f = 0; f < sample.length; f++) sample[f] = start[f] + share * (end[f] - start[f]);
  }
}

/** Returns the `count` members nearest to `base`, itself left out; ties by their order. */
function nearestTo(X: Matrix, base: number, members: readonly number[], count: number): number[] {
  const centre = rowOf(X, base);
  return members
    .filter((member) => member !== base)
    .map((member) => {
      const other = rowOf(X, member);
      let distance = 0;
      for (let f = 0; f < other.length; f++) distance += (other[f] - centre[f]) ** 2;
      return { member, distance };
    })
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ member }) => member);
}
