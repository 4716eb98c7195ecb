import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromRows, rowOf } from '../../../evaluation/matrix.ts';
import {
  type BoostingOptions,
  GradientBoostingClassifier,
} from '../../../training/baselines/gradient-boosting.ts';

/** What bench/boosting-reference.py printed; that script holds the same problem. */
interface Reference {
  readonly answers: readonly {
    readonly case: BoostingOptions & { readonly weighted?: boolean };
    readonly nodes: number;
    readonly importances: readonly number[];
    readonly probabilities: readonly (readonly number[])[];
  }[];
}

const ROWS = 400;
const FEATURES = 9;
const CLASSES = 4;

const file = new URL('xgboost-reference.json', import.meta.url);
const { answers }: Reference = JSON.parse(readFileSync(file, 'utf8'));

function problem() {
  let state = 1;
  const next = () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state >>> 16;
  };
  const list = (length: number, make: () => number) => Array.from({ length }, make);
  const X = fromRows(Array.from({ length: ROWS }, () => list(FEATURES, () => next() % 50)));
  const noise = list(ROWS, next);
  const y = Int32Array.from(noise, (value, i) => {
    if (value % 5 === 0) return (value / 5) % CLASSES;
    const [a, b, c] = rowOf(X, i);
    return (a + b > 50 ? 1 : 0) + (c > 24 ? 2 : 0);
  });
  return { X, y, weights: list(ROWS, () => (1 + (next() % 4)) / 2) };
}

describe('against XGBoost 1.7 (hist, multi:softprob)', () => {
  const { X, y, weights } = problem();
  for (const { case: given, nodes, importances, probabilities } of answers) {
    it(`grows the same trees: ${JSON.stringify(given)}`, async () => {
      const { weighted, ...options } = given;
      const booster = new GradientBoostingClassifier({ ...options, classCount: CLASSES });
      await booster.fit(X, y, weighted ? weights : undefined);
      const { trees } = booster.model;
      expect(trees.reduce((sum, { feature }) => sum + feature.length, 0)).toBe(nodes);
      const predicted = booster.predictProbabilities(X);
      for (const [i, row] of probabilities.entries()) {
        for (const [c, p] of row.entries()) expect(rowOf(predicted, i)[c]).toBeCloseTo(p, 5);
      }
      for (const [f, share] of importances.entries()) {
        expect(booster.featureImportances[f]).toBeCloseTo(share, 5);
      }
    });
  }
});
