import { describe, expect, it } from 'vitest';
import { fromRows } from '../../../evaluation/matrix.ts';
import { fillMixup, miniBatches, smoothTargets } from '../../../training/baselines/mini-batches.ts';
import { createRandom } from '../../../training/random.ts';

describe('miniBatches', () => {
  it('shows every row once in each pass, in an order of its own', () => {
    const batches = miniBatches(10, 4, createRandom(1));
    const drawn = Array.from({ length: 5 }, () => [...batches.next().value]).flat();
    const passes = [drawn.slice(0, 10), drawn.slice(10)];
    for (const pass of passes) {
      expect([...pass].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(passes[0]).not.toEqual(passes[1]);
  });

  it('refuses an empty batch', () => {
    expect(() => miniBatches(10, 0, createRandom(1)).next()).toThrow('no batch of 0 from 10 rows');
  });
});

describe('smoothTargets', () => {
  it('gives one-hot rows, or spreads a share over all classes', () => {
    expect([...smoothTargets([2, 0], 3, 0).data]).toEqual([0, 0, 1, 1, 0, 0]);
    const [low, high] = smoothTargets([1], 4, 0.2).data;
    expect(low).toBeCloseTo(0.05, 7);
    expect(high).toBeCloseTo(0.85, 7);
  });
});

describe('fillMixup', () => {
  const X = fromRows([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [9, 9, 9],
  ]);
  const targets = smoothTargets([0, 1, 2, 0], 3, 0);
  const buffers = () => ({ x: new Float32Array(9), targets: new Float32Array(9) });

  it('copies the rows without an alpha', () => {
    const batch = buffers();
    fillMixup(batch, X, targets, Int32Array.of(1, 0, 2), 0, createRandom(1));
    expect([...batch.x]).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 1]);
    expect(batch.targets).toEqual(batch.x);
  });

  it('blends features and targets of two rows of the batch by the same weight', () => {
    const batch = buffers();
    const indices = Int32Array.of(2, 1, 0);
    fillMixup(batch, X, targets, indices, 1, createRandom(4));
    // Each row of X equals its target here, and so must every blend.
    expect(batch.targets).toEqual(batch.x);
    for (let i = 0; i < 3; i++) {
      const row = [...batch.x.subarray(3 * i, 3 * i + 3)];
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      expect(row[indices[i]]).toBeGreaterThan(0);
    }
    expect([...batch.x].filter((value) => value > 0 && value < 1).length).toBeGreaterThan(1);
    expect([...indices]).toEqual([2, 1, 0]);
  });
});
