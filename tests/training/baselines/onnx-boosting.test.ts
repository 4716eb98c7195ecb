import { describe, expect, it } from 'vitest';
import { fromRows, type Matrix, rowOf } from '../../../evaluation/matrix.ts';
import {
  type BoostingOptions,
  GradientBoostingClassifier,
} from '../../../training/baselines/gradient-boosting.ts';
import { appendScaler, StandardScaler } from '../../../training/baselines/preprocessing.ts';
import { appendBoosting } from '../../../training/baselines/tree-onnx.ts';
import { gaussianBlobs } from './gaussian-blobs.ts';
import { runGraph } from './run-graph.ts';

const problem = { rows: 480, columns: 20, spread: 0.5 };
const train = gaussianBlobs(problem, 1);
const unseen = gaussianBlobs({ ...problem, rows: 200 }, 2);

function largestGap(a: Matrix, b: Matrix): number {
  expect([a.rows, a.columns]).toEqual([b.rows, b.columns]);
  return a.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b.data[i])), 0);
}

describe('appendBoosting', () => {
  const cases: Record<string, BoostingOptions> = {
    'the defaults': {},
    'deep trees, few bins': { rounds: 20, maxDepth: 8, maxBins: 16, learningRate: 1 },
    'parts of samples and features': { rounds: 30, subsample: 0.5, columnSample: 0.3 },
    'early stopping': { rounds: 60, earlyStopping: { ...unseen, patience: 3 } },
    'trees of one leaf': { rounds: 3, gamma: 1e6 },
  };
  for (const [name, options] of Object.entries(cases)) {
    it(`gives the booster's probabilities: ${name}`, async () => {
      const booster = await new GradientBoostingClassifier(options).fit(train.X, train.y);
      for (const X of [unseen.X, train.X, fromRows([rowOf(unseen.X, 0)])]) {
        const { output } = await runGraph(X, 8, (graph, x) =>
          appendBoosting(graph, x, booster.model),
        );
        expect(largestGap(output, booster.predictProbabilities(X))).toBeLessThan(1e-5);
      }
    });
  }

  it('sends a value on a threshold to the same side', async () => {
    const y = Int32Array.from({ length: 40 }, (_, i) => (i >> 2) % 3);
    const X = fromRows(Array.from(y, (_, i) => [i]));
    const booster = await new GradientBoostingClassifier({
      classCount: 3,
      minChildWeight: 0,
    }).fit(X, y);
    const onEdges = fromRows(
      booster.model.trees.flatMap(({ threshold }) => [...threshold].map((t) => [t])),
    );
    const { output } = await runGraph(onEdges, 3, (graph, x) =>
      appendBoosting(graph, x, booster.model),
    );
    expect(largestGap(output, booster.predictProbabilities(onEdges))).toBeLessThan(1e-5);
  });

  it('follows a scaler in the same graph', async () => {
    const scaler = new StandardScaler().fit(train.X);
    const booster = new GradientBoostingClassifier({ rounds: 10 });
    await booster.fit(scaler.transform(train.X), train.y);
    const { output } = await runGraph(unseen.X, 8, (graph, x) =>
      appendBoosting(graph, appendScaler(graph, x, scaler.scaling), booster.model),
    );
    const expected = booster.predictProbabilities(scaler.transform(unseen.X));
    expect(largestGap(output, expected)).toBeLessThan(1e-5);
  });

  it('gives classes that never occurred the probability 0', async () => {
    const y = train.y.map((label) => label & 6);
    const booster = await new GradientBoostingClassifier({ rounds: 10 }).fit(train.X, y);
    const { output } = await runGraph(unseen.X, 8, (graph, x) =>
      appendBoosting(graph, x, booster.model),
    );
    expect(largestGap(output, booster.predictProbabilities(unseen.X))).toBeLessThan(1e-5);
    for (let i = 0; i < output.rows; i++) {
      expect([...rowOf(output, i)].filter((_, c) => c & 1)).toEqual([0, 0, 0, 0]);
    }
  });
});
