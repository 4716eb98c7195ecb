import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromRows, type Matrix, rowOf } from '../../../evaluation/matrix.ts';
import { PackedPairs } from '../../../training/baselines/boosting-objective.ts';
import {
  isWorthwhile,
  leafScore,
  leafWeight,
} from '../../../training/baselines/boosting-splits.ts';
import { type GrowthOptions, TreeGrower } from '../../../training/baselines/boosting-tree.ts';
import { bin, type TreeArrays } from '../../../training/baselines/tree.ts';

const DEFAULTS: GrowthOptions = {
  maxDepth: 5,
  learningRate: 1,
  lambda: 1,
  alpha: 0,
  gamma: 0,
  minChildWeight: 0,
};

function grow(X: Matrix, pairs: readonly number[], options: Partial<GrowthOptions> = {}) {
  const grower = new TreeGrower(bin(X), { ...DEFAULTS, ...options });
  return grower.grow({
    pairs: new PackedPairs(X.rows).pack(Float64Array.from(pairs)),
    samples: Int32Array.from({ length: X.rows }, (_, i) => i),
    features: Int32Array.from({ length: X.columns }, (_, f) => f),
    target: 3,
  });
}

type Sketch = number | { feature: number; goesLeft: number[]; left: Sketch; right: Sketch };

/** The same tree by trying every value of every feature in every node, on sums made afresh. */
function growSlowly(
  X: Matrix,
  pairs: readonly number[],
  options: GrowthOptions,
  samples = Array.from({ length: X.rows }, (_, i) => i),
  depth = 0,
): Sketch {
  const sums = (of: number[]) =>
    [0, 1].map((part) => of.reduce((sum, i) => sum + pairs[2 * i + part], 0)) as [number, number];
  const score = (of: number[]) => leafScore(...sums(of), options);
  let best: { feature: number; left: number[]; right: number[]; score: number } | undefined;
  for (let feature = 0; depth < options.maxDepth && feature < X.columns; feature++) {
    const valueAt = (i: number) => rowOf(X, i)[feature];
    for (const value of [...new Set(samples.map(valueAt))].sort((a, b) => a - b).slice(0, -1)) {
      const left = samples.filter((i) => valueAt(i) <= value);
      const right = samples.filter((i) => valueAt(i) > value);
      if (Math.min(sums(left)[1], sums(right)[1]) < options.minChildWeight) continue;
      const both = score(left) + score(right);
      if (!best || both > best.score) best = { feature, left, right, score: both };
    }
  }
  if (!best || !isWorthwhile(best.score - score(samples), options)) {
    return options.learningRate * leafWeight(...sums(samples), options);
  }
  return {
    feature: best.feature,
    goesLeft: best.left,
    left: growSlowly(X, pairs, options, best.left, depth + 1),
    right: growSlowly(X, pairs, options, best.right, depth + 1),
  };
}

function sketchOf(
  tree: TreeArrays,
  X: Matrix,
  samples = Array.from({ length: X.rows }, (_, i) => i),
  node = 0,
): Sketch {
  const feature = tree.feature[node];
  if (feature < 0) return tree.weights[tree.left[node]];
  const isLeft = (i: number) => rowOf(X, i)[feature] <= tree.threshold[node];
  const goesLeft = samples.filter(isLeft);
  const others = samples.filter((i) => !isLeft(i));
  return {
    feature,
    goesLeft,
    left: sketchOf(tree, X, goesLeft, tree.left[node]),
    right: sketchOf(tree, X, others, tree.right[node]),
  };
}

function expectSame(found: Sketch, expected: Sketch): void {
  if (typeof found === 'number' || typeof expected === 'number') {
    expect(found).toBeCloseTo(expected as number, 5);
    return;
  }
  expect([found.feature, found.goesLeft]).toEqual([expected.feature, expected.goesLeft]);
  expectSame(found.left, expected.left);
  expectSame(found.right, expected.right);
}

describe('TreeGrower', () => {
  // Cuts by hand, λ = 1: 9/2 + 9/4, then 16/3 + 16/3, then 4/4 + 4/2; the node itself scores 0.
  const X = fromRows([[1], [2], [3], [4]]);
  const pairs = [-3, 1, -1, 1, 2, 1, 2, 1];

  it('gives the leaf weights worked out by hand', () => {
    const tree = grow(X, pairs, { maxDepth: 1, learningRate: 0.5 });
    expect(tree).toEqual({
      feature: Int32Array.of(0, -1, -1),
      threshold: Float32Array.of(2.5, 0, 0),
      left: Int32Array.of(1, 0, 1),
      right: Int32Array.of(2, 1, 2),
      gain: Float32Array.of(32 / 3, 0, 0),
      targets: Uint8Array.of(3, 3),
      weights: Float32Array.of(2 / 3, -2 / 3),
    });
  });

  it('shrinks them by alpha and lambda', () => {
    const tree = grow(X, pairs, { maxDepth: 1, alpha: 1, lambda: 2 });
    expect([...tree.weights]).toEqual([0.75, -0.75]);
  });

  it('is one leaf when nothing is worth a split', () => {
    // The best split gains 16/3 + 36/3 − 4/5 = 16.53.
    const leaning = [-3, 1, -1, 1, 2, 1, 4, 1];
    const leavesWith = (options: Partial<GrowthOptions>) =>
      [...grow(X, leaning, { maxDepth: 1, ...options }).weights].map((w) => Number(w.toFixed(6)));
    expect(leavesWith({ gamma: 16.5 })).toEqual([1.333333, -2]);
    expect(leavesWith({ gamma: 16.6 })).toEqual([-0.4]);
    expect(leavesWith({ minChildWeight: 2 })).toEqual([1.333333, -2]);
    expect(leavesWith({ minChildWeight: 2.5 })).toEqual([-0.4]);
    expect(leavesWith({ gamma: 16.6, alpha: 0.5 })).toEqual([-0.3]);
    expect(leavesWith({ alpha: 6 })).toEqual([0]);
    // Too little weight even for the root: it says nothing.
    expect(leavesWith({ minChildWeight: 5 })).toEqual([0]);
  });

  it('grows the tree that trying everything grows', () => {
    // Sixteenths are packed exactly, so equal gains are equal on both sides.
    const samples = fc
      .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 10 }))
      .chain(([rows, columns]) => {
        const value = fc.integer({ min: 0, max: 9 });
        const row = fc.array(value, { minLength: columns, maxLength: columns });
        const pair = fc.tuple(fc.integer({ min: -16, max: 16 }), fc.integer({ min: 1, max: 8 }));
        return fc.record({
          rows: fc.array(row, { minLength: rows, maxLength: rows }),
          pairs: fc.array(pair, { minLength: rows, maxLength: rows }),
        });
      });
    const options = fc.record({
      maxDepth: fc.integer({ min: 1, max: 6 }),
      learningRate: fc.constantFrom(0.3, 1),
      lambda: fc.constantFrom(0, 0.5, 1),
      alpha: fc.constantFrom(0, 0.25, 1),
      gamma: fc.constantFrom(0, 0.1, 1),
      minChildWeight: fc.constantFrom(0, 0.5, 2),
    });
    fc.assert(
      fc.property(samples, options, (given, growth) => {
        const X = fromRows(given.rows);
        const pairs = given.pairs.flat().map((value) => value / 16);
        expectSame(sketchOf(grow(X, pairs, growth), X), growSlowly(X, pairs, growth));
      }),
      { numRuns: 300 },
    );
  });

  it('uses only the samples and features that it is given', () => {
    const wide = fromRows([
      [1, 9],
      [2, 8],
      [3, 7],
      [4, 6],
    ]);
    const grower = new TreeGrower(bin(wide), { ...DEFAULTS, maxDepth: 1 });
    const task = {
      pairs: new PackedPairs(4).pack(Float64Array.from(pairs)),
      features: Int32Array.of(1),
      target: 0,
    };
    const part = grower.grow({ ...task, samples: Int32Array.of(0, 2) });
    expect([...part.feature]).toEqual([1, -1, -1]);
    expect([...part.weights]).toEqual([-1, 1.5]);
    const none = grower.grow({ ...task, samples: new Int32Array(0) });
    expect([...none.weights]).toEqual([0]);
    // A grower carries nothing over from one tree to the next.
    expect(grower.grow({ ...task, samples: Int32Array.of(0, 2) })).toEqual(part);
  });
});
