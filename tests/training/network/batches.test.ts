import { describe, expect, it } from 'vitest';
import {
  type BatchGroup,
  BatchSampler,
  fitBandScaling,
} from '../../../training/network/batches.ts';

const SHAPE = { steps: 8, bands: 4, width: 1, embedding: 1, classes: 8 };
const AREA = SHAPE.steps * SHAPE.bands;

/** Clips of eleven steps, each of one value everywhere: ten times its number, in decibels. */
function groupOf(numbers: number[], labels: number[], count: number): BatchGroup {
  const length = 11 * SHAPE.bands;
  const offsets = Float64Array.from({ length: numbers.length + 1 }, (_, i) => i * length);
  const data = new Int16Array(numbers.length * length);
  numbers.forEach((number, i) => {
    data.fill(number * 10 * 128, i * length, (i + 1) * length);
  });
  return {
    spectrograms: { renderings: 1, data, offsets, functionals: [] },
    rows: Int32Array.from(numbers.keys()),
    labels: Int32Array.from(labels),
    count,
  };
}

const groups = [groupOf([1, 2, 3], [0, 1, 2], 3), groupOf([7, 8], [6, 7], 1)];
const scaling = fitBandScaling(groups, SHAPE.bands);

function batch(index: number, seed: number, mixup = 0, labelSmoothing = 0.1) {
  const sampler = new BatchSampler(groups, scaling, SHAPE, { seed, mixup, labelSmoothing });
  const x = new Float32Array(sampler.size * AREA);
  const targets = new Float32Array(sampler.size * SHAPE.classes);
  sampler.fill(index, x, targets);
  return { x, targets };
}

describe('BatchSampler', () => {
  it('takes so many clips of each group, each clip once an epoch', () => {
    const { targets } = batch(0, 1, 0, 0);
    const labels = Array.from({ length: 4 }, (_, i) =>
      targets.subarray(i * SHAPE.classes, (i + 1) * SHAPE.classes).indexOf(1),
    );
    expect(labels.slice(0, 3).sort()).toEqual([0, 1, 2]);
    expect([6, 7]).toContain(labels[3]);
  });

  it('depends on seed and number alone, not on what was drawn before', () => {
    const sampler = new BatchSampler(groups, scaling, SHAPE, {
      ...{ seed: 5, mixup: 0.3, labelSmoothing: 0.1 },
    });
    const x = new Float32Array(sampler.size * AREA);
    const targets = new Float32Array(sampler.size * SHAPE.classes);
    for (const index of [0, 3, 1, 3]) sampler.fill(index, x, targets);
    expect({ x, targets }).toEqual(batch(3, 5, 0.3));
    expect(batch(3, 6, 0.3)).not.toEqual(batch(3, 5, 0.3));
    expect(batch(4, 5, 0.3)).not.toEqual(batch(3, 5, 0.3));
  });

  it('gives targets that are probabilities, also of mixed clips', () => {
    const { targets } = batch(2, 9, 0.3);
    for (let i = 0; i < targets.length; i += SHAPE.classes) {
      const row = targets.subarray(i, i + SHAPE.classes);
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(Math.min(...row)).toBeCloseTo(0.1 / SHAPE.classes, 5);
    }
  });
});

describe('fitBandScaling', () => {
  it('gives mean and deviation of every band over all clips', () => {
    const values = [10, 20, 30, 70, 80];
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    for (let band = 0; band < SHAPE.bands; band++) {
      expect(scaling.mean[band]).toBeCloseTo(mean, 4);
      expect(scaling.deviation[band]).toBeCloseTo(Math.sqrt(variance), 4);
    }
  });
});
