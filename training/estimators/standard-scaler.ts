import { type Matrix, zeros } from '../matrix.ts';

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
  transform({ rows, columns, data }: Matrix): Matrix {
    const { mean, scale } = this.scaling;
    if (columns !== mean.length) {
      throw new RangeError(`X has ${columns} features, the scaler learned from ${mean.length}`);
    }
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
