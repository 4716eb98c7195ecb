import { describe, expect, it } from 'vitest';
import {
  logLoss,
  softmaxPairs,
  softmaxRows,
} from '../../../training/baselines/boosting-objective.ts';
import { createRandom } from '../../../training/random.ts';

const CLASSES = 5;
const SAMPLES = 7;
const random = createRandom(8);
const margins = new Float64Array(SAMPLES * CLASSES).map(() => 2 * random.normal());
const y = new Int32Array(SAMPLES).map(() => random.integer(CLASSES));
const weights = new Float64Array(SAMPLES).map(() => 0.5 + random.uniform());
const total = weights.reduce((a, b) => a + b, 0);

function probabilitiesOf(values: Float64Array): Float64Array {
  const probabilities = new Float64Array(values.length);
  softmaxRows(values, CLASSES, probabilities);
  return probabilities;
}

describe('the softmax objective', () => {
  it('has the gradient that the loss has, and twice the diagonal of its Hessian', () => {
    const step = 1e-4;
    const pairs = new Float64Array(2 * SAMPLES);
    for (let c = 0; c < CLASSES; c++) {
      softmaxPairs(probabilitiesOf(margins), y, CLASSES, c, weights, pairs);
      for (let i = 0; i < SAMPLES; i++) {
        const lossAt = (change: number) => {
          const moved = margins.slice();
          moved[i * CLASSES + c] += change;
          return total * logLoss(probabilitiesOf(moved), y, CLASSES, weights);
        };
        const slope = (lossAt(step) - lossAt(-step)) / (2 * step);
        const curvature = (lossAt(step) - 2 * lossAt(0) + lossAt(-step)) / step ** 2;
        expect(pairs[2 * i]).toBeCloseTo(slope, 6);
        expect(pairs[2 * i + 1]).toBeCloseTo(2 * curvature, 5);
      }
    }
  });

  it('stays finite for margins far apart', () => {
    const probabilities = probabilitiesOf(Float64Array.of(2000, -2000, 0.5, -1e9, 0.5));
    expect([...probabilities]).toEqual([1, 0, 0, 0, 0]);
    expect(logLoss(probabilities, Int32Array.of(1), CLASSES)).toBeCloseTo(-Math.log(1e-16), 9);
  });
});
