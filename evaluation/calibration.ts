import { EMOTIONS } from '../core/model/emotions.ts';
import { argmaxRows, type Matrix, rowOf, zeros } from './matrix.ts';

/** Added to a probability before its logarithm: a forest's 0 means "hardly ever". */
export const LOG_OFFSET = 1e-3;

/** Share of the answers that are to be correct. */
export const TARGET_ACCURACY = 0.75;

/** Bins of the expected calibration error and of the reliability diagram. */
const BINS = 15;

/** One point of the coverage–accuracy curve. */
export interface CoveragePoint {
  readonly threshold: number;
  /** Share of the recordings whose top probability reaches the threshold. */
  readonly coverage: number;
  /** Share of those that are correct; 0 when there are none. */
  readonly accuracy: number;
}

/** Confidence and accuracy of the recordings whose confidence lies in an interval. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly clips: number;
  readonly confidence: number;
  readonly accuracy: number;
}

/** What temperature and threshold were chosen, and what they give. All shares are of 1. */
export interface CalibrationFigures {
  readonly temperature: number;
  readonly threshold: number;
  readonly targetAccuracy: number;
  /** Share answered and accuracy of that, each fold at the values of the other folds. */
  readonly coverage: number;
  readonly accuracy: number;
  /** Expected calibration error on 15 bins, before and after temperature scaling. */
  readonly errorBefore: number;
  readonly errorAfter: number;
  readonly curve: readonly CoveragePoint[];
  /** Accuracy of the most confident 70%. */
  readonly accuracyAt70?: number;
  readonly reliability?: readonly ReliabilityBin[];
}

/** Returns softmax(log(p + LOG_OFFSET) / T) of every row, as the exported graph computes it. */
export function withTemperature(probabilities: Matrix, temperature: number): Matrix {
  const scaled = zeros(probabilities.rows, probabilities.columns);
  for (let i = 0; i < probabilities.rows; i++) {
    const row = rowOf(probabilities, i);
    const powers = Array.from(row, (p) => (p + LOG_OFFSET) ** (1 / temperature));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, k) => {
      scaled.data[i * probabilities.columns + k] = power / sum;
    });
  }
  return scaled;
}

/**
 * Returns the temperature with the lowest cross-entropy (Guo et al. 2017), by golden-section search
 * over its logarithm.
 *
 * @param at the probabilities at a temperature
 */
function fitTemperature(at: (temperature: number) => Matrix, y: Int32Array): number {
  const loss = (logT: number) => crossEntropy(at(Math.exp(logT)), y);
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(0.1);
  let high = Math.log(10);
  while (high - low > 1e-3) {
    const left = high - ratio * (high - low);
    const right = low + ratio * (high - low);
    if (loss(left) < loss(right)) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

/**
 * Returns the lowest threshold at which the answers reach the accuracy asked for and at least so many
 * of the recordings are answered (5%, unless told otherwise); if there is none, the most accurate
 * threshold that answers them.
 */
export function chooseThreshold(
  probabilities: Matrix,
  y: Int32Array,
  accuracy: number,
  leastCoverage = 0.05,
): number {
  const points = coverageCurve(probabilities, y, 0.01).filter(
    ({ coverage }) => coverage >= leastCoverage,
  );
  const enough = points.find((point) => point.accuracy >= accuracy);
  const best = points.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  return (enough ?? best).threshold;
}

/** Returns coverage and accuracy at thresholds from 0 to 1. */
export function coverageCurve(probabilities: Matrix, y: Int32Array, step: number): CoveragePoint[] {
  const predicted = argmaxRows(probabilities);
  const confidence = Float64Array.from(predicted, (k, i) => rowOf(probabilities, i)[k]);
  return Array.from({ length: Math.round(1 / step) }, (_, s) => {
    const threshold = Number((s * step).toFixed(4));
    let answered = 0;
    let right = 0;
    for (let i = 0; i < y.length; i++) {
      if (confidence[i] < threshold) continue;
      answered++;
      if (predicted[i] === y[i]) right++;
    }
    return {
      threshold,
      coverage: answered / y.length,
      accuracy: answered > 0 ? right / answered : 0,
    };
  });
}

/** Returns confidence and accuracy in equal intervals of the top probability. */
export function reliabilityBins(probabilities: Matrix, y: Int32Array): ReliabilityBin[] {
  const predicted = argmaxRows(probabilities);
  const bins = Array.from({ length: BINS }, () => ({ clips: 0, confidence: 0, right: 0 }));
  predicted.forEach((k, i) => {
    const confidence = probabilities.data[i * probabilities.columns + k];
    const bin = bins[Math.min(BINS - 1, Math.max(0, Math.ceil(confidence * BINS) - 1))];
    bin.clips++;
    bin.confidence += confidence;
    if (k === y[i]) bin.right++;
  });
  return bins.map(({ clips, confidence, right }, b) => ({
    ...{ from: b / BINS, to: (b + 1) / BINS, clips },
    confidence: clips > 0 ? confidence / clips : 0,
    accuracy: clips > 0 ? right / clips : 0,
  }));
}

/** Returns the share that is answered, and the accuracy of that; null when nothing is. */
export function answered(probabilities: Matrix, y: Int32Array, threshold: number) {
  const predicted = argmaxRows(probabilities);
  const told = [...predicted.keys()].filter(
    (i) => rowOf(probabilities, i)[predicted[i]] >= threshold,
  );
  const right = told.filter((i) => predicted[i] === y[i]).length;
  return {
    coverage: told.length / y.length,
    answeredAccuracy: told.length > 0 ? right / told.length : null,
  };
}

export interface Calibration {
  readonly temperature: number;
  readonly threshold: number;
  /** Calibrated by the other folds, as for an unseen speaker. Rows as in the pooled predictions. */
  readonly probabilities: Matrix;
  /** Share answered and accuracy of that, each fold at the threshold of the others. */
  readonly coverage: number;
  readonly accuracy: number;
}

/**
 * Fits temperature and threshold on predictions for speakers that the model was not trained on. They
 * are evaluated across folds: each fold with the temperature and threshold of the other folds.
 *
 * @param scaled the probabilities of some rows at a temperature
 * @example
 * calibrate((rows, t) => withTemperature(takeRows(probabilities, rows), t), y, foldOf, 0.75);
 */
export function calibrate(
  scaled: (rows: Int32Array, temperature: number) => Matrix,
  y: Int32Array,
  foldOf: Int32Array,
  targetAccuracy: number,
): Calibration {
  const fit = (rows: Int32Array) => {
    const labels = rows.map((i) => y[i]);
    const temperature = fitTemperature((t) => scaled(rows, t), labels);
    return {
      temperature,
      threshold: chooseThreshold(scaled(rows, temperature), labels, targetAccuracy),
    };
  };
  const all = Int32Array.from(y.keys());
  const crossFitted = zeros(y.length, EMOTIONS.length);
  let answered = 0;
  let right = 0;
  for (const fold of new Set(foldOf)) {
    const { temperature, threshold } = fit(all.filter((i) => foldOf[i] !== fold));
    const own = all.filter((i) => foldOf[i] === fold);
    const calibrated = scaled(own, temperature);
    const predicted = argmaxRows(calibrated);
    own.forEach((i, k) => {
      const row = rowOf(calibrated, k);
      crossFitted.data.set(row, i * crossFitted.columns);
      if (row[predicted[k]] < threshold) return;
      answered++;
      if (predicted[k] === y[i]) right++;
    });
  }
  return {
    ...fit(all),
    probabilities: crossFitted,
    coverage: answered / y.length,
    accuracy: answered > 0 ? right / answered : 0,
  };
}

/** Mean negative log-probability of the true classes, in nats. */
function crossEntropy(probabilities: Matrix, y: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum -= Math.log(rowOf(probabilities, i)[y[i]]);
  return sum / y.length;
}
