import { describe, expect, it } from 'vitest';
import { fromRows, type Matrix, rowOf } from '../../../evaluation/matrix.ts';
import { appendScaler, StandardScaler } from '../../../training/baselines/preprocessing.ts';
import {
  RandomForestClassifier,
  type RandomForestOptions,
} from '../../../training/baselines/random-forest.ts';
import { appendForest } from '../../../training/baselines/tree-onnx.ts';
import { gaussianBlobs } from './gaussian-blobs.ts';
import { runGraph } from './run-graph.ts';

const problem = { rows: 600, columns: 30, spread: 0.4 };
const train = gaussianBlobs(problem, 1);
const unseen = gaussianBlobs({ ...problem, rows: 200 }, 2);

function largestGap(a: Matrix, b: Matrix): number {
  expect([a.rows, a.columns]).toEqual([b.rows, b.columns]);
  return a.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b.data[i])), 0);
}

describe('appendForest', () => {
  const cases: Record<string, RandomForestOptions> = {
    'pure leaves': { trees: 300 },
    'impure leaves': { trees: 300, minSamplesLeaf: 3 },
    'shallow trees': { trees: 300, maxDepth: 4, minSamplesLeaf: 3 },
    'one stump': { trees: 1, maxDepth: 1 },
    'no bootstrap, every feature': { trees: 3, bootstrap: false, maxFeatures: 1 },
  };
  for (const [name, options] of Object.entries(cases)) {
    it(`gives the forest's probabilities: ${name}`, async () => {
      const forest = new RandomForestClassifier({ seed: 3, ...options }).fit(train.X, train.y);
      for (const X of [unseen.X, train.X, fromRows([rowOf(unseen.X, 0)])]) {
        const { output } = await runGraph(X, 8, (graph, x) =>
          appendForest(graph, x, forest.forest),
        );
        expect(largestGap(output, forest.predictProbabilities(X))).toBeLessThan(1e-6);
        expect(Math.max(...output.data)).toBeLessThanOrEqual(1);
      }
    });
  }

  it('follows a scaler in the same graph', async () => {
    const scaler = new StandardScaler().fit(train.X);
    const forest = new RandomForestClassifier({ trees: 50 }).fit(
      scaler.transform(train.X),
      train.y,
    );
    const { output } = await runGraph(unseen.X, 8, (graph, x) =>
      appendForest(graph, appendScaler(graph, x, scaler.scaling), forest.forest),
    );
    const expected = forest.predictProbabilities(scaler.transform(unseen.X));
    expect(largestGap(output, expected)).toBeLessThan(1e-6);
  });

  it('exports trees that are one leaf, and classes never seen', async () => {
    const X = fromRows([[1], [1], [1], [1]]);
    const forest = new RandomForestClassifier({ trees: 5, classCount: 4 });
    forest.fit(X, Int32Array.of(0, 2, 2, 2));
    const { output } = await runGraph(X, 4, (graph, x) => appendForest(graph, x, forest.forest));
    expect(largestGap(output, forest.predictProbabilities(X))).toBeLessThan(1e-6);
    expect(output.data[1]).toBe(0);
  });

  it('takes under 20 bytes a branch, and no more for impure leaves', async () => {
    const sizes: number[] = [];
    for (const minSamplesLeaf of [1, 3]) {
      const { forest } = new RandomForestClassifier({ trees: 100, minSamplesLeaf }).fit(
        train.X,
        train.y,
      );
      const { bytes } = await runGraph(unseen.X, 8, (graph, x) => appendForest(graph, x, forest));
      sizes.push(bytes.length);
      if (minSamplesLeaf > 1) continue;
      const branches = forest.trees.reduce((sum, { feature }) => sum + (feature.length - 1) / 2, 0);
      expect(bytes.length).toBeLessThan(20 * branches);
    }
    expect(sizes[1]).toBeLessThan(sizes[0]);
  });
});
