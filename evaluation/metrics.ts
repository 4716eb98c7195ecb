import { EMOTIONS } from '../core/model/emotions.ts';
import { argmaxRows, type Matrix } from './matrix.ts';

export interface ClassScores {
  /** Share of what was said to be this class that is. 0 when it was never said. */
  readonly precision: number;
  /** Share of this class that was found. 0 when it does not occur. */
  readonly recall: number;
  /** Harmonic mean of the two. 0 when both are. */
  readonly f1: number;
  /** How many true samples the class has. */
  readonly support: number;
}

export interface ClassificationReport {
  readonly accuracy: number;
  /** UAR: the mean recall of the classes present in `yTrue`. */
  readonly unweightedAverageRecall: number;
  /** The mean F1 of the classes, each weighted by its support. */
  readonly weightedF1: number;
  /** The mean F1 of the classes present in `yTrue`. */
  readonly macroF1: number;
  readonly perClass: readonly ClassScores[];
}

/** Scores of a model on recordings that it was not trained on. */
export interface Scores extends ClassificationReport {
  readonly clips: number;
  /** True classes × predicted classes. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Returns counts of samples, true classes × predicted classes.
 *
 * Throws a RangeError when the lengths differ or a class is not in 0…`classCount` − 1.
 *
 * @example
 * confusionMatrix([0, 1, 1], [0, 0, 1], 2); // [[1, 0], [1, 1]]
 */
export function confusionMatrix(
  yTrue: ArrayLike<number>,
  yPredicted: ArrayLike<number>,
  classCount: number,
): number[][] {
  if (yTrue.length !== yPredicted.length) {
    throw new RangeError(`${yTrue.length} true labels, ${yPredicted.length} predicted ones`);
  }
  const counts = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  for (let i = 0; i < yTrue.length; i++) {
    if (!(yTrue[i] in counts && yPredicted[i] in counts)) {
      throw new RangeError(
        `sample ${i} is ${yTrue[i]}, predicted ${yPredicted[i]}; classes are 0 to ${classCount - 1}`,
      );
    }
    counts[yTrue[i]][yPredicted[i]]++;
  }
  return counts;
}

/**
 * Returns the scores of predicted classes, each from 0 to 1, in scikit-learn's definitions except
 * that a class which does not occur in `yTrue` never enters a mean.
 *
 * Throws a RangeError on no samples, and as `confusionMatrix` does.
 *
 * @example
 * classificationReport([0, 0, 1], [0, 1, 1], 8).unweightedAverageRecall; // 0.75
 */
export function classificationReport(
  yTrue: ArrayLike<number>,
  yPredicted: ArrayLike<number>,
  classCount: number,
): ClassificationReport {
  const total = yTrue.length;
  if (total === 0) throw new RangeError('there are no samples to score');
  const counts = confusionMatrix(yTrue, yPredicted, classCount);
  const perClass = counts.map((row, c): ClassScores => {
    const hits = row[c];
    const support = sum(row);
    const said = sum(counts.map((other) => other[c]));
    return {
      precision: said > 0 ? hits / said : 0,
      recall: support > 0 ? hits / support : 0,
      f1: said + support > 0 ? (2 * hits) / (said + support) : 0,
      support,
    };
  });
  const present = perClass.filter(({ support }) => support > 0);
  return {
    accuracy: sum(counts.map((row, c) => row[c])) / total,
    unweightedAverageRecall: sum(present.map(({ recall }) => recall)) / present.length,
    weightedF1: sum(present.map(({ f1, support }) => f1 * support)) / total,
    macroF1: sum(present.map(({ f1 }) => f1)) / present.length,
    perClass,
  };
}

/** Scores the predictions of some rows; row k of `probabilities` belongs to `rows[k]`. */
export function score(y: Int32Array, rows: Int32Array, probabilities: Matrix): Scores {
  const expected = rows.map((i) => y[i]);
  const predicted = argmaxRows(probabilities);
  return {
    clips: rows.length,
    ...classificationReport(expected, predicted, EMOTIONS.length),
    confusion: confusionMatrix(expected, predicted, EMOTIONS.length),
  };
}

/**
 * Returns how far confidence and accuracy lie apart, from 0 (calibrated) to 1: the gap in each of
 * `bins` equal intervals of the top probability, weighted by the samples in it (ECE, Guo et al. 2017).
 * `probabilities` is samples × classes.
 *
 * Throws a RangeError on no samples or shapes that do not fit.
 *
 * @example
 * expectedCalibrationError(fromRows([[0.8, 0.2], [0.8, 0.2]]), [0, 1]); // 0.3
 */
export function expectedCalibrationError(
  probabilities: Matrix,
  y: ArrayLike<number>,
  bins = 15,
): number {
  const { rows, columns, data } = probabilities;
  if (rows === 0 || rows !== y.length) {
    throw new RangeError(`${rows} rows of probabilities for ${y.length} labels`);
  }
  // Per bin, correct samples minus confidence: the gap times the samples in it.
  const gaps = new Float64Array(bins);
  const predicted = argmaxRows(probabilities);
  for (let i = 0; i < rows; i++) {
    const confidence = data[i * columns + predicted[i]];
    // Intervals are open below and closed above; a little over 1 is rounding.
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    gaps[bin] += (predicted[i] === y[i] ? 1 : 0) - confidence;
  }
  return sum(gaps.map(Math.abs)) / rows;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
