import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromRows, type Matrix, rowOf } from '../../../evaluation/matrix.ts';
import { smote } from '../../../training/baselines/preprocessing.ts';
import { createRandom } from '../../../training/random.ts';

/** Samples of 3 features; class c occurs `counts[c]` times, in mixed order. */
function samples(counts: readonly number[], seed = 1): { X: Matrix; y: Int32Array } {
  const random = createRandom(seed);
  const y = random.shuffle(Int32Array.from(counts.flatMap((n, c) => new Array(n).fill(c))));
  return { X: fromRows(Array.from(y, (c) => [c + random.normal(), random.normal(), c])), y };
}

const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((v, f) => v - b[f]));

/** The members of the class of `base` that are nearest to it. */
function nearest(X: Matrix, y: Int32Array, base: number, count: number): number[] {
  return [...y.keys()]
    .filter((i) => y[i] === y[base] && i !== base)
    .sort((a, b) => distance(rowOf(X, a), rowOf(X, base)) - distance(rowOf(X, b), rowOf(X, base)))
    .slice(0, count);
}

/** How far a point lies from the segment between two others. */
function offSegment(p: Float32Array, a: Float32Array, b: Float32Array): number {
  const ab = b.map((v, f) => v - a[f]);
  const length = ab.reduce((sum, v) => sum + v * v, 0);
  const along = p.reduce((sum, v, f) => sum + (v - a[f]) * ab[f], 0) / (length || 1);
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(...p.map((v, f) => v - a[f] - share * ab[f]));
}

describe('smote', () => {
  it('brings every class present up to the largest, behind the samples given', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 }),
        (counts) => {
          fc.pre(Math.max(...counts) > 0);
          const { X, y } = samples(counts);
          const balanced = smote(X, y);
          expect(balanced.X.data.subarray(0, X.data.length)).toEqual(X.data);
          expect(balanced.y.subarray(0, y.length)).toEqual(y);
          expect(balanced.X.rows).toBe(balanced.y.length);
          counts.forEach((count, c) => {
            const after = balanced.y.filter((label) => label === c).length;
            expect(after).toBe(count === 0 ? 0 : Math.max(...counts));
          });
        },
      ),
    );
  });

  it('places new samples between a sample and one of its nearest of the same class', () => {
    const { X, y } = samples([60, 25, 9, 4]);
    const neighbours = 3;
    const balanced = smote(X, y, { neighbours, seed: 5 });
    const segments = Array.from(y.keys(), (i) => nearest(X, y, i, neighbours).map((j) => [i, j]))
      .flat()
      .map(([i, j]) => ({ label: y[i], from: rowOf(X, i), to: rowOf(X, j) }));
    let between = 0;
    for (let i = y.length; i < balanced.y.length; i++) {
      const point = rowOf(balanced.X, i);
      const gaps = segments
        .filter(({ label }) => label === balanced.y[i])
        .map(({ from, to }) => offSegment(point, from, to));
      expect(Math.min(...gaps)).toBeLessThan(1e-5);
      if (![...y.keys()].some((j) => distance(point, rowOf(X, j)) < 1e-3)) between++;
    }
    expect(between).toBeGreaterThan(0.9 * (balanced.y.length - y.length));
  });

  it('lets the samples of a class take turns', () => {
    const X = fromRows([...new Array(30).fill([0]), [10], [20], [40]]);
    const y = Int32Array.from({ length: 33 }, (_, i) => (i < 30 ? 0 : 1));
    const made = smote(X, y, { neighbours: 1 }).X.data.subarray(33);
    // 10 and 20 lean towards each other, 40 towards 20: one new sample in three is beyond 20.
    expect(made.length).toBe(27);
    expect(made.filter((value) => value > 20).length).toBe(9);
  });

  it('repeats a sample that has no neighbour', () => {
    const X = fromRows([
      [1, 2],
      [3, 4],
      [5, 6],
      [9, 8],
    ]);
    const balanced = smote(X, Int32Array.of(0, 0, 0, 7));
    expect([...balanced.X.data.subarray(8)]).toEqual([9, 8, 9, 8]);
    expect([...balanced.y]).toEqual([0, 0, 0, 7, 7, 7]);
  });

  it('repeats itself for a seed', () => {
    const { X, y } = samples([30, 12, 5]);
    expect(smote(X, y, { seed: 3 })).toEqual(smote(X, y, { seed: 3 }));
    expect(smote(X, y, { seed: 3 })).not.toEqual(smote(X, y, { seed: 4 }));
  });

  it('says what is wrong', () => {
    const { X, y } = samples([3, 2]);
    expect(() => smote(X, y, { neighbours: 0 })).toThrow(RangeError);
    expect(() => smote(X, y.subarray(1))).toThrow(RangeError);
  });
});
