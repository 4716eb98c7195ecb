import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromRows } from '../../evaluation/matrix.ts';
import {
  classificationReport,
  confusionMatrix,
  expectedCalibrationError,
} from '../../evaluation/metrics.ts';

const labels = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 60 });

describe('confusionMatrix', () => {
  it('counts true classes in rows, predicted ones in columns', () => {
    expect(confusionMatrix([0, 0, 1, 2, 2], [0, 2, 1, 2, 0], 3)).toEqual([
      [1, 0, 1],
      [0, 1, 0],
      [1, 0, 1],
    ]);
  });

  it('refuses labels that are no class and lengths that differ', () => {
    expect(() => confusionMatrix([0], [0, 1], 2)).toThrow(RangeError);
    expect(() => confusionMatrix([2], [0], 2)).toThrow(RangeError);
    expect(() => confusionMatrix([0], [-1], 2)).toThrow(RangeError);
  });
});

describe('classificationReport', () => {
  it('gives the scores that one computes by hand', () => {
    //            three of class 0    two of class 1   one of class 3, class 2 never true
    const report = classificationReport([0, 0, 0, 1, 1, 3], [0, 0, 1, 1, 2, 3], 4);
    expect(report.perClass.map(({ support }) => support)).toEqual([3, 2, 0, 1]);
    expect(report.perClass.map(({ precision }) => precision)).toEqual([1, 1 / 2, 0, 1]);
    expect(report.perClass.map(({ recall }) => recall)).toEqual([2 / 3, 1 / 2, 0, 1]);
    expect(report.perClass.map(({ f1 }) => f1)).toEqual([4 / 5, 1 / 2, 0, 1]);
    expect(report.accuracy).toBeCloseTo(4 / 6, 12);
    expect(report.unweightedAverageRecall).toBeCloseTo((2 / 3 + 1 / 2 + 1) / 3, 12);
    expect(report.weightedF1).toBeCloseTo((3 * 0.8 + 2 * 0.5 + 1) / 6, 12);
    expect(report.macroF1).toBeCloseTo((0.8 + 0.5 + 1) / 3, 12);
  });

  it('is 1 throughout when all is right, and only then', () => {
    fc.assert(
      fc.property(labels, (pairs) => {
        const yTrue = pairs.map(([label]) => label);
        const yPredicted = pairs.map(([, label]) => label);
        const right = yTrue.every((label, i) => label === yPredicted[i]);
        const report = classificationReport(yTrue, yPredicted, 4);
        for (const score of ['unweightedAverageRecall', 'weightedF1', 'macroF1'] as const) {
          if (right) expect(report[score]).toBeCloseTo(1, 12);
          else expect(report[score]).toBeLessThan(1);
        }
      }),
    );
  });

  it('does not let a frequent class hide the others in UAR', () => {
    const yTrue = [...new Array(90).fill(0), ...new Array(10).fill(1)];
    const report = classificationReport(yTrue, new Array(100).fill(0), 2);
    expect(report.accuracy).toBe(0.9);
    expect(report.unweightedAverageRecall).toBe(0.5);
  });

  it('refuses to score nothing', () => {
    expect(() => classificationReport([], [], 2)).toThrow(RangeError);
  });
});

describe('expectedCalibrationError', () => {
  it('is the gap between confidence and accuracy, weighted by samples', () => {
    const probabilities = fromRows([
      [0.75, 0.25],
      [0.75, 0.25],
      [0.25, 0.75],
      [0.25, 0.75],
      [0.5, 0.5],
      [0, 1],
    ]);
    // Four at 0.75, two of them right; one at 0.5, right; one at 1, wrong.
    const y = [0, 1, 1, 0, 0, 0];
    const expected = (4 * 0.25 + 1 * 0.5 + 1 * 1) / 6;
    expect(expectedCalibrationError(probabilities, y)).toBeCloseTo(expected, 6);
  });

  it('closes a bin above: with two bins a half belongs to the lower one', () => {
    const probabilities = fromRows([
      [0.5, 0.25, 0.25],
      [0.75, 0.25, 0],
    ]);
    // In one bin the gaps would cancel to 0.125.
    expect(expectedCalibrationError(probabilities, [0, 1], 2)).toBeCloseTo((0.5 + 0.75) / 2, 6);
    expect(expectedCalibrationError(probabilities, [0, 1], 1)).toBeCloseTo(0.125, 6);
  });

  it('refuses shapes that do not fit', () => {
    expect(() => expectedCalibrationError(fromRows([[1, 0]]), [0, 1])).toThrow(RangeError);
    expect(() => expectedCalibrationError(fromRows([]), [])).toThrow(RangeError);
  });
});
