import { describe, expect, it } from 'vitest';
import { fromRows } from '../../../evaluation/matrix.ts';
import { PackedPairs } from '../../../training/baselines/boosting-objective.ts';
import {
  findSplit,
  HistogramBuilder,
  type Penalties,
} from '../../../training/baselines/boosting-splits.ts';
import { bin } from '../../../training/baselines/tree.ts';

const NO_PENALTIES: Penalties = { lambda: 0, alpha: 0, gamma: 0, minChildWeight: 0 };

/** Searches samples with the given rows of features and [gradient, hessian]. */
function search(rows: number[][], pairs: [number, number][], penalties: Partial<Penalties>) {
  const binned = bin(fromRows(rows));
  const builder = new HistogramBuilder(binned);
  const packed = new PackedPairs(rows.length).pack(Float64Array.from(pairs.flat()));
  const histogram = builder.allocate().fill(Number.NaN);
  const features = Int32Array.from(rows[0].keys());
  const samples = Int32Array.from(rows.keys());
  builder.fill(histogram, features, samples, packed.values, 0, rows.length);
  const sum = packed.values.reduce((a, b) => a + b, 0);
  const all = { ...NO_PENALTIES, ...penalties };
  const split = findSplit(histogram, builder.offsets, features, sum, packed, all);
  return split && { ...split, left: packed.unpack(split.left) };
}

describe('findSplit', () => {
  const rows = [[1], [2], [3]];
  const pairs: [number, number][] = [
    [-2, 2],
    [-1, 1],
    [3, 3],
  ];
  // After the first sample: 4/(2+λ) + 4/(4+λ); after the second: 9/(3+λ) + 9/(3+λ). The node: 0.
  const second = { feature: 0, bin: 1, left: { gradient: -3, hessian: 3 } };

  it('gives the gain worked out by hand', () => {
    expect(search(rows, pairs, {})).toEqual({ ...second, gain: 6 });
  });

  it('adds lambda to the hessians', () => {
    expect(search(rows, pairs, { lambda: 1 })).toEqual({ ...second, gain: 4.5 });
  });

  it('takes alpha off the gradients', () => {
    // (3 − 1)² / 3 twice
    expect(search(rows, pairs, { alpha: 1 })?.gain).toBeCloseTo(8 / 3, 12);
    expect(search(rows, pairs, { alpha: 1, lambda: 1 })).toEqual({ ...second, gain: 2 });
    expect(search(rows, pairs, { alpha: 3 })).toBeUndefined();
  });

  it('takes the score of the node off the gain', () => {
    const split = search(
      [[1], [2]],
      [
        [-2, 2],
        [1, 2],
      ],
      { lambda: 1 },
    );
    expect(split?.gain).toBeCloseTo(4 / 3 + 1 / 3 - 1 / 5, 12);
  });

  it('makes a split that gains gamma, and none that gains less', () => {
    expect(search(rows, pairs, { lambda: 1, gamma: 4.5 })).toEqual({ ...second, gain: 4.5 });
    expect(search(rows, pairs, { lambda: 1, gamma: 4.5001 })).toBeUndefined();
  });

  it('leaves minChildWeight on either side', () => {
    const skewed: [number, number][] = [
      [-4, 1],
      [0, 2],
      [4, 4],
    ];
    // After the first: 16 + 16/6; after the second: 16/3 + 16/4.
    expect(search(rows, skewed, { minChildWeight: 1 })?.bin).toBe(0);
    expect(search(rows, skewed, { minChildWeight: 1.5 })?.bin).toBe(1);
    expect(search(rows, skewed, { minChildWeight: 3 })?.gain).toBeCloseTo(16 / 3 + 4, 12);
    expect(search(rows, skewed, { minChildWeight: 3.5 })).toBeUndefined();
    const mirrored = skewed.toReversed();
    expect(search(rows, mirrored, { minChildWeight: 1 })?.bin).toBe(1);
    expect(search(rows, mirrored, { minChildWeight: 1.5 })?.bin).toBe(0);
    expect(search(rows, mirrored, { minChildWeight: 3.5 })).toBeUndefined();
  });

  it('takes the first of equal features and the better of unequal ones', () => {
    expect(
      search(
        [
          [1, 1],
          [2, 2],
          [3, 3],
        ],
        pairs,
        {},
      )?.feature,
    ).toBe(0);
    expect(
      search(
        [
          [1, 1],
          [1, 2],
          [2, 3],
        ],
        pairs,
        {},
      )?.feature,
    ).toBe(0);
    expect(
      search(
        [
          [3, 1],
          [1, 2],
          [2, 3],
        ],
        pairs,
        {},
      )?.feature,
    ).toBe(1);
  });

  it('finds nothing where no split can lower the objective', () => {
    expect(
      search(
        rows,
        [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
        {},
      ),
    ).toBeUndefined();
    expect(search([[5], [5], [5]], pairs, {})).toBeUndefined();
  });
});
