import { EMOTION_COUNT, EMOTIONS } from '../../core/model/emotions.ts';
import { LOG_OFFSET } from '../../evaluation/calibration.ts';
import { type Matrix, rowOf, zeros } from '../../evaluation/matrix.ts';

/** What turns the mean of the networks into calibrated probabilities. */
export interface Scaling {
  readonly temperature: number;
  /** Added to the logarithm of each class, divided by the temperature. */
  readonly bias: readonly number[];
}

/** Other corpora do not tell calm from neutral: the two share a bias and count as one when it is fitted. */
const CALM = EMOTIONS.indexOf('calm');
const NEUTRAL = EMOTIONS.indexOf('neutral');
const ITERATIONS = 400;
const STEP = 0.05;
/** Pull of every bias towards 0, per sample: a class with few samples moves little. */
const SHRINKAGE = 0.01;

/** Returns softmax(log(p + LOG_OFFSET) / temperature + bias) of every row, as the exported graph computes it. */
export function applyScaling(probabilities: Matrix, { temperature, bias }: Scaling): Matrix {
  const scaled = zeros(probabilities.rows, probabilities.columns);
  for (let i = 0; i < probabilities.rows; i++) {
    const powers = Array.from(rowOf(probabilities, i), (p, k) =>
      Math.exp(Math.log(p + LOG_OFFSET) / temperature + bias[k]),
    );
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, k) => {
      scaled.data[i * probabilities.columns + k] = power / sum;
    });
  }
  return scaled;
}

/**
 * Returns the temperature and the biases with the lowest cross-entropy (bias-corrected temperature
 * scaling, Alexandari et al. 2020), by Adam. `strength` multiplies the biases in the end; 0 leaves a
 * plain temperature, fitted as such.
 */
export function fitScaling(probabilities: Matrix, y: Int32Array, strength = 1): Scaling {
  const parameters = new Float64Array(1 + EMOTION_COUNT);
  const mean = new Float64Array(parameters.length);
  const square = new Float64Array(parameters.length);
  const logs = Float64Array.from(probabilities.data, (p) => Math.log(p + LOG_OFFSET));
  for (let iteration = 1; iteration <= ITERATIONS; iteration++) {
    const gradient = gradientOf(logs, y, parameters);
    if (strength === 0) gradient.fill(0, 1);
    gradient.forEach((g, j) => {
      mean[j] += 0.1 * (g - mean[j]);
      square[j] += 0.01 * (g * g - square[j]);
      const m = mean[j] / (1 - 0.9 ** iteration);
      const v = square[j] / (1 - 0.99 ** iteration);
      parameters[j] -= (STEP * m) / (Math.sqrt(v) + 1e-8);
    });
  }
  const bias = Array.from(parameters.subarray(1), (b) => strength * b);
  bias[CALM] = bias[NEUTRAL];
  return { temperature: Math.exp(-parameters[0]), bias };
}

/** Gradient of the mean cross-entropy with respect to log(1 / temperature) and the biases. */
function gradientOf(logs: Float64Array, y: Int32Array, parameters: Float64Array): Float64Array {
  const sharpness = Math.exp(parameters[0]);
  const gradient = new Float64Array(parameters.length);
  const biasOf = (k: number) => parameters[1 + (k === CALM ? NEUTRAL : k)];
  for (let i = 0; i < y.length; i++) {
    const row = logs.subarray(i * EMOTION_COUNT, (i + 1) * EMOTION_COUNT);
    const powers = Array.from(row, (log, k) => Math.exp(sharpness * log + biasOf(k)));
    const sum = powers.reduce((a, b) => a + b, 0);
    const isCalm = y[i] === NEUTRAL || y[i] === CALM;
    const own = isCalm ? powers[NEUTRAL] + powers[CALM] : powers[y[i]];
    powers.forEach((power, k) => {
      const belongs = isCalm ? k === NEUTRAL || k === CALM : k === y[i];
      const error = power / sum - (belongs ? power / own : 0);
      gradient[0] += (error * sharpness * row[k]) / y.length;
      gradient[1 + (k === CALM ? NEUTRAL : k)] += error / y.length;
    });
  }
  for (let k = 0; k < EMOTION_COUNT; k++) gradient[1 + k] += SHRINKAGE * parameters[1 + k];
  return gradient;
}
