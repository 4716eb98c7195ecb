import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argmaxRows, fromRows, type Matrix, rowOf } from '../../../evaluation/matrix.ts';
import {
  RandomForestClassifier,
  type RandomForestOptions,
} from '../../../training/baselines/random-forest.ts';
import type { TreeArrays } from '../../../training/baselines/tree.ts';
import { createRandom } from '../../../training/random.ts';
import { gaussianBlobs } from './gaussian-blobs.ts';

const ONE_PLAIN_TREE = { trees: 1, bootstrap: false, maxFeatures: 1 } as const;

function growOne(X: Matrix, y: readonly number[], options: RandomForestOptions = {}): TreeArrays {
  return new RandomForestClassifier({ ...ONE_PLAIN_TREE, ...options }).grow(
    X,
    Int32Array.from(y),
    0,
    1,
  )[0];
}

/** The samples that reach each node when their raw values are compared with the thresholds. */
function samplesAt(tree: TreeArrays, X: Matrix): number[][] {
  const reached: number[][] = Array.from(tree.feature, () => []);
  for (let i = 0; i < X.rows; i++) {
    let node = 0;
    for (;;) {
      reached[node].push(i);
      if (tree.feature[node] < 0) break;
      const value = rowOf(X, i)[tree.feature[node]];
      node = value <= tree.threshold[node] ? tree.left[node] : tree.right[node];
    }
  }
  return reached;
}

function depthOf({ feature, left, right }: TreeArrays, node = 0): number {
  if (feature[node] < 0) return 0;
  const tree = { feature, left, right } as TreeArrays;
  return 1 + Math.max(depthOf(tree, left[node]), depthOf(tree, right[node]));
}

function gini(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return 1 - [...counts.values()].reduce((sum, n) => sum + (n / labels.length) ** 2, 0);
}

/** The most that any split of all samples can lower the Gini impurity, by trying them all. */
function bestGain(X: Matrix, y: readonly number[], minSamplesLeaf: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let f = 0; f < X.columns; f++) {
    for (let i = 0; i < X.rows; i++) {
      const goesLeft = (_: number, j: number) => rowOf(X, j)[f] <= rowOf(X, i)[f];
      const left = y.filter(goesLeft);
      const right = y.filter((label, j) => !goesLeft(label, j));
      if (Math.min(left.length, right.length) < minSamplesLeaf) continue;
      const after = (left.length * gini(left) + right.length * gini(right)) / y.length;
      best = Math.max(best, gini(y) - after);
    }
  }
  return best;
}

const accuracy = (probabilities: Matrix, y: Int32Array) =>
  argmaxRows(probabilities).filter((label, i) => label === y[i]).length / y.length;

describe('a Gini tree', () => {
  it('splits where a person would', () => {
    const tree = growOne(fromRows([[1], [2], [3], [4]]), [0, 0, 5, 5]);
    expect(tree).toEqual({
      feature: Int32Array.of(0, -1, -1),
      threshold: Float32Array.of(2.5, 0, 0),
      left: Int32Array.of(1, 0, 1),
      right: Int32Array.of(2, 1, 2),
      gain: Float32Array.of(0.5, 0, 0),
      targets: Uint8Array.of(0, 5),
      weights: Float32Array.of(1, 1),
    });
  });

  it('learns exclusive or, whose first split gains nothing', () => {
    const X = fromRows([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const y = Int32Array.of(0, 1, 1, 0);
    const forest = new RandomForestClassifier(ONE_PLAIN_TREE).fit(X, y);
    expect(accuracy(forest.predictProbabilities(X), y)).toBe(1);
    expect(forest.forest.trees[0].gain[0]).toBe(0);
  });

  it('finds the split that trying them all finds', () => {
    const samples = fc
      .tuple(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 4 }))
      .chain(([rows, columns]) =>
        fc.record({
          rows: fc.array(
            fc.array(fc.integer({ min: 0, max: 12 }), { minLength: columns, maxLength: columns }),
            { minLength: rows, maxLength: rows },
          ),
          y: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: rows, maxLength: rows }),
          minSamplesLeaf: fc.integer({ min: 1, max: 4 }),
        }),
      );
    fc.assert(
      fc.property(samples, ({ rows, y, minSamplesLeaf }) => {
        const X = fromRows(rows);
        const tree = growOne(X, y, { maxDepth: 1, minSamplesLeaf });
        const best = gini(y) > 0 ? bestGain(X, y, minSamplesLeaf) : Number.NEGATIVE_INFINITY;
        expect(tree.feature.length).toBe(best >= 0 ? 3 : 1);
        if (best >= 0) expect(tree.gain[0]).toBeCloseTo(best, 6);
      }),
    );
  });

  it('keeps in each leaf the class shares of the samples that its float32 thresholds send there', () => {
    const { X, y } = gaussianBlobs({ rows: 900, columns: 6, spread: 0.5 }, 3);
    for (const minSamplesLeaf of [1, 3, 10]) {
      const tree = growOne(X, [...y], { minSamplesLeaf });
      const reached = samplesAt(tree, X);
      for (let node = 0; node < tree.feature.length; node++) {
        if (tree.feature[node] >= 0) continue;
        const labels = reached[node].map((i) => y[i]);
        expect(labels.length).toBeGreaterThanOrEqual(minSamplesLeaf);
        const shares = new Float32Array(8);
        for (const label of labels) shares[label] += 1 / labels.length;
        const stored = new Float32Array(8);
        for (let e = tree.left[node]; e < tree.right[node]; e++) {
          expect(tree.weights[e]).toBeGreaterThan(0);
          stored[tree.targets[e]] = tree.weights[e];
        }
        shares.forEach((share, c) => {
          expect(stored[c]).toBeCloseTo(share, 5);
        });
        if (minSamplesLeaf === 1) expect(tree.right[node] - tree.left[node]).toBe(1);
      }
    }
  });

  it('stops at maxDepth', () => {
    const { X, y } = gaussianBlobs({ rows: 400, columns: 5, spread: 0.2 }, 4);
    expect(depthOf(growOne(X, [...y], { maxDepth: 4 }))).toBe(4);
    expect(depthOf(growOne(X, [...y]))).toBeGreaterThan(6);
  });

  it('is one leaf of the class shares when no feature varies', () => {
    const tree = growOne(fromRows([[7], [7], [7], [7]]), [1, 2, 1, 1]);
    expect([...tree.feature]).toEqual([-1]);
    expect([...tree.targets]).toEqual([1, 2]);
    expect([...tree.weights]).toEqual([0.75, 0.25]);
  });

  it('goes on drawing features until one can split', () => {
    const random = createRandom(5);
    const rows = Array.from({ length: 30 }, () => [
      ...new Array<number>(39).fill(1),
      random.normal(),
    ]);
    const y = rows.map((row) => (row[39] > 0 ? 1 : 0));
    const X = fromRows(rows);
    for (let seed = 0; seed < 10; seed++) {
      const tree = growOne(X, y, { maxFeatures: 0.01, seed });
      expect(tree.feature[0]).toBe(39);
    }
  });
});

describe('RandomForestClassifier', () => {
  const problem = { rows: 640, columns: 20, spread: 0.9 };
  const train = gaussianBlobs(problem, 1);
  const unseen = gaussianBlobs(problem, 2);

  it('recognises unseen samples, better than one tree does', () => {
    const score = (trees: number) => {
      const forest = new RandomForestClassifier({ trees, seed: 7 }).fit(train.X, train.y);
      return accuracy(forest.predictProbabilities(unseen.X), unseen.y);
    };
    expect(score(100)).toBeGreaterThan(0.93);
    expect(score(1)).toBeLessThan(0.75);
  });

  it('gives probabilities that sum to 1, and 0 to a class that it never saw', () => {
    const y = train.y.map((label) => (label === 3 ? 4 : label));
    const forest = new RandomForestClassifier({ trees: 20, minSamplesLeaf: 3 }).fit(train.X, y);
    const probabilities = forest.predictProbabilities(unseen.X);
    expect([probabilities.rows, probabilities.columns]).toEqual([640, 8]);
    for (let i = 0; i < probabilities.rows; i++) {
      const row = rowOf(probabilities, i);
      expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
      expect(row[3]).toBe(0);
    }
  });

  it('grows the same trees for a seed, in whatever ranges', () => {
    const options = { trees: 9, seed: 11 };
    const whole = new RandomForestClassifier(options).fit(train.X, train.y);
    const inParts = [
      [4, 9],
      [0, 1],
      [1, 4],
    ].map(([from, to]) => new RandomForestClassifier(options).grow(train.X, train.y, from, to));
    expect([...inParts[1], ...inParts[2], ...inParts[0]]).toEqual(whole.forest.trees);
    const other = new RandomForestClassifier({ trees: 9, seed: 12 }).fit(train.X, train.y);
    expect(other.forest.trees).not.toEqual(whole.forest.trees);
    expect(whole.forest.trees[0]).not.toEqual(whole.forest.trees[1]);
  });

  it('survives being posted to another thread', () => {
    const forest = new RandomForestClassifier({ trees: 5 }).fit(train.X, train.y);
    const posted = new RandomForestClassifier().use(structuredClone(forest.forest));
    expect(posted.predictProbabilities(unseen.X)).toEqual(forest.predictProbabilities(unseen.X));
    expect(posted.featureImportances).toEqual(forest.featureImportances);
  });

  it('draws as many samples as there are, with replacement', () => {
    const X = fromRows(new Array(1000).fill([1]));
    const y = Int32Array.from({ length: 1000 }, (_, i) => (i < 700 ? 0 : 1));
    const { trees } = new RandomForestClassifier({ trees: 60 }).fit(X, y).forest;
    const shares = trees.map(({ weights }) => weights[0]);
    const mean = shares.reduce((sum, share) => sum + share, 0) / 60;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / 60;
    expect(mean).toBeCloseTo(0.7, 2);
    // A mean of 1000 draws deviates by √(0.7 · 0.3 / 1000).
    expect(Math.sqrt(variance)).toBeGreaterThan(0.0145 / 1.4);
    expect(Math.sqrt(variance)).toBeLessThan(0.0145 * 1.4);
    expect(shares.every((share) => Math.abs(share * 1000 - Math.round(share * 1000)) < 1e-3)).toBe(
      true,
    );
  });

  it('finds the features that matter', () => {
    const random = createRandom(8);
    const rows = Array.from({ length: 500 }, () =>
      Float32Array.from({ length: 12 }, random.normal),
    );
    const y = Int32Array.from(rows, (row) => (row[9] > 0 ? 2 : 0) + (row[4] > 0.5 ? 1 : 0));
    const forest = new RandomForestClassifier({ trees: 50 }).fit(fromRows(rows), y);
    const importances = forest.featureImportances;
    expect(importances.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
    const ranking = [...importances.keys()].sort((a, b) => importances[b] - importances[a]);
    expect(ranking.slice(0, 2)).toEqual([9, 4]);
    expect(importances[9]).toBeGreaterThan(0.3);
    expect(importances[ranking[2]]).toBeLessThan(0.1);
  });

  it('counts maxFeatures as scikit-learn does', () => {
    const trees = (maxFeatures: 'sqrt' | 'log2' | number) =>
      new RandomForestClassifier({ trees: 3, maxFeatures }).grow(train.X, train.y, 0, 3);
    expect(trees('sqrt')).toEqual(trees(4 / 20));
    expect(trees('log2')).toEqual(trees('sqrt'));
    expect(trees(0.3)).not.toEqual(trees('sqrt'));
    expect(trees(0.001)).toEqual(trees(1 / 20));
  });

  it('says what is wrong with its options and shapes', () => {
    for (const options of [
      { trees: 0 },
      { maxDepth: 0.5 },
      { minSamplesLeaf: 0 },
      { maxFeatures: 0 },
      { maxFeatures: 1.5 },
      { classCount: 257 },
    ]) {
      expect(() => new RandomForestClassifier(options)).toThrow(RangeError);
    }
    const forest = new RandomForestClassifier({ trees: 1 });
    expect(() => forest.predictProbabilities(train.X)).toThrow('fit');
    expect(() => forest.fit(train.X, train.y.subarray(1))).toThrow(RangeError);
    expect(() =>
      forest.fit(
        train.X,
        train.y.map((label) => label + 1),
      ),
    ).toThrow(RangeError);
    expect(() => forest.fit(fromRows([]), new Int32Array(0))).toThrow(RangeError);
    forest.fit(train.X, train.y);
    expect(() => forest.predictProbabilities(fromRows([[1, 2]]))).toThrow(RangeError);
  });
});
