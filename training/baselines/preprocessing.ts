import { type Matrix, rowOf, zeros } from '../../evaluation/matrix.ts';
import type { GraphBuilder, Value } from '../onnx/graph.ts';
import { createRandom, type Random } from '../random.ts';

/**
 * What every classifier of the training pipeline offers, in scikit-learn's words.
 *
 * `X` is samples × features in float32; `y` holds class indices from 0 to `classCount - 1`. A class
 * may be absent from `y`: its probability is then 0, and the columns keep their places.
 */
export interface Classifier {
  /** Learns from the samples and returns itself. Throws a RangeError on shapes that do not fit. */
  fit(X: Matrix, y: Int32Array): this | Promise<this>;
  /** Returns samples × classes; every row sums to 1. */
  predictProbabilities(X: Matrix): Matrix | Promise<Matrix>;
}

/** Throws a RangeError unless every sample has a label from 0 to `classCount` − 1. */
export function checkSamples(X: Matrix, y: Int32Array, classCount: number): void {
  if (X.rows === 0 || X.columns === 0 || y.length !== X.rows) {
    throw new RangeError(`X is ${X.rows} × ${X.columns}, y has ${y.length} labels`);
  }
  for (const label of y) {
    if (label < 0 || label >= classCount) {
      throw new RangeError(`label ${label} is not a class from 0 to ${classCount - 1}`);
    }
  }
}

/** Throws a RangeError unless `X` has as many features as the model was fitted on. */
export function checkColumns(X: Matrix, featureCount: number): void {
  if (X.columns !== featureCount) {
    throw new RangeError(`X has ${X.columns} features, the model was fitted on ${featureCount}`);
  }
}

/** Throws a RangeError unless there are as many finite weights, none negative and not all 0. */
export function checkWeights(weights: ArrayLike<number>, rows: number): void {
  if (weights.length !== rows) {
    throw new RangeError(`${rows} samples have ${weights.length} weights`);
  }
  let positive = false;
  for (let i = 0; i < rows; i++) {
    if (!(weights[i] >= 0 && Number.isFinite(weights[i]))) {
      throw new RangeError(`weight ${i} is ${weights[i]}; it takes a number from 0 up`);
    }
    positive ||= weights[i] > 0;
  }
  if (!positive) throw new RangeError('all weights are 0');
}

/** A fitted scaler as plain data: one value a feature. */
export interface Scaling {
  readonly mean: Float32Array;
  /** What a centred feature is multiplied by: 1 / population standard deviation. */
  readonly scale: Float32Array;
}

/** A deviation below this share of the mean is rounding of float32, not variation. */
const FLOAT32_EPSILON = 2 ** -23;

/**
 * Brings every feature to mean 0 and population standard deviation 1. A constant feature is centred
 * only: its scale is 1.
 *
 * `transform` works in float32, step by step, so that the exported graph (`appendScaler`) gives the
 * very same numbers.
 *
 * @example
 * const scaler = new StandardScaler().fit(train);
 * const scaled = scaler.transform(test);
 */
export class StandardScaler {
  #scaling: Scaling | undefined;

  /** Learns mean and scale of each feature and returns itself. Throws a RangeError on no samples. */
  fit({ rows, columns, data }: Matrix): this {
    if (rows === 0) throw new RangeError('a scaler needs at least one sample');
    const sum = new Float64Array(columns);
    for (let i = 0; i < rows; i++) {
      for (let f = 0; f < columns; f++) sum[f] += data[i * columns + f];
    }
    const mean = sum.map((value) => value / rows);
    const squares = new Float64Array(columns);
    for (let i = 0; i < rows; i++) {
      for (let f = 0; f < columns; f++) squares[f] += (data[i * columns + f] - mean[f]) ** 2;
    }
    const scale = Float32Array.from(squares, (value, f) => {
      const deviation = Math.sqrt(value / rows);
      const inverse = Math.fround(1 / deviation);
      const constant = deviation <= FLOAT32_EPSILON * Math.abs(mean[f]);
      return constant || !Number.isFinite(inverse) ? 1 : inverse;
    });
    this.#scaling = { mean: Float32Array.from(mean), scale };
    return this;
  }

  /** The fitted mean and scale. Throws an Error before `fit`. */
  get scaling(): Scaling {
    if (!this.#scaling) throw new Error('the scaler is not fitted: call fit first');
    return this.#scaling;
  }

  /** Returns a scaled copy. Throws a RangeError when the features are not those of `fit`. */
  transform(X: Matrix): Matrix {
    const { rows, columns, data } = X;
    const { mean, scale } = this.scaling;
    checkColumns(X, mean.length);
    const scaled = zeros(rows, columns);
    for (let i = 0; i < rows; i++) {
      for (let f = 0; f < columns; f++) {
        const at = i * columns + f;
        scaled.data[at] = Math.fround(data[at] - mean[f]) * scale[f];
      }
    }
    return scaled;
  }
}

/**
 * Appends a fitted scaler and returns the scaled features, bit for bit what `transform` gives.
 *
 * @example
 * const x = graph.input('features', ['n', 120]);
 * const scaled = appendScaler(graph, x, scaler.scaling);
 */
export function appendScaler(graph: GraphBuilder, x: Value, { mean, scale }: Scaling): Value {
  const centred = graph.node('Sub', [x, graph.constant([mean.length], mean)]);
  return graph.node('Mul', [centred, graph.constant([scale.length], scale)]);
}

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
