import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { argmaxRows, fromRows, type Matrix, rowOf, takeRows } from '../../../evaluation/matrix.ts';
import {
  type BoostingModel,
  type BoostingOptions,
  GradientBoostingClassifier,
  type RoundReport,
} from '../../../training/baselines/gradient-boosting.ts';
import { gaussianBlobs } from './gaussian-blobs.ts';

const problem = { rows: 480, columns: 12, spread: 1 };
const train = gaussianBlobs(problem, 1);
const unseen = gaussianBlobs({ ...problem, rows: 400 }, 2);

const fitted = (options: BoostingOptions, { X, y } = train) =>
  new GradientBoostingClassifier({ rounds: 10, maxDepth: 3, ...options }).fit(X, y);

const accuracy = (probabilities: Matrix, y: Int32Array) =>
  argmaxRows(probabilities).filter((label, i) => label === y[i]).length / y.length;

const meanLoss = (probabilities: Matrix, y: Int32Array) =>
  y.reduce((sum, label, i) => sum - Math.log(rowOf(probabilities, i)[label]), 0) / y.length;

const branches = ({ trees }: BoostingModel) =>
  trees.reduce((sum, { feature }) => sum + feature.filter((f) => f >= 0).length, 0);

describe('GradientBoostingClassifier', () => {
  it('gives the probabilities worked out by hand after one round', async () => {
    const X = fromRows([[0], [0], [1], [1]]);
    const booster = new GradientBoostingClassifier({
      classCount: 2,
      rounds: 1,
      learningRate: 1,
      minChildWeight: 0,
    });
    await booster.fit(X, Int32Array.of(0, 0, 1, 1));
    // p = ½, so g = ∓½ and h = 2 · ½ · ½; a side of two samples weighs ±1 / (1 + λ) = ±½. The two
    // margins part by 1.
    const likely = 1 / (1 + Math.exp(-1));
    for (const [i, p] of booster.predictProbabilities(X).data.entries()) {
      expect(p).toBeCloseTo([0, 2, 5, 7].includes(i) ? likely : 1 - likely, 6);
    }
    expect(booster.model.trees.map(({ threshold }) => threshold[0])).toEqual([0.5, 0.5]);
    expect([...booster.featureImportances]).toEqual([1]);
  });

  it('tells classes of unseen samples apart', async () => {
    const booster = await fitted({ rounds: 40 });
    const probabilities = booster.predictProbabilities(unseen.X);
    expect(accuracy(probabilities, unseen.y)).toBeGreaterThan(0.7);
    for (let i = 0; i < unseen.X.rows; i++) {
      expect(rowOf(probabilities, i).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    }
    const shuffled = train.y.map((_, i) => train.y[((7 * i + 3) % train.y.length) % 97]);
    const lost = await fitted({ rounds: 40 }, { X: train.X, y: shuffled });
    expect(accuracy(lost.predictProbabilities(unseen.X), unseen.y)).toBeLessThan(0.3);
  });

  it('learns an interaction that no single feature shows', async () => {
    const { X } = gaussianBlobs({ rows: 800, columns: 4, spread: 0 }, 5);
    const isOdd = (i: number) => rowOf(X, i)[1] > 0 !== rowOf(X, i)[3] > 0;
    const y = Int32Array.from({ length: 800 }, (_, i) => (isOdd(i) ? 1 : 0));
    const half = Int32Array.from({ length: 400 }, (_, i) => i);
    const rest = half.map((i) => i + 400);
    const booster = await fitted(
      { classCount: 2, rounds: 30 },
      { X: takeRows(X, half), y: y.slice(0, 400) },
    );
    const found = booster.predictProbabilities(takeRows(X, rest));
    expect(accuracy(found, y.slice(400))).toBeGreaterThan(0.9);
    const importances = booster.featureImportances;
    expect(importances.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    expect(importances[1] + importances[3]).toBeGreaterThan(0.8);
  });

  it('reports the loss after every round, and it falls', async () => {
    const reports: RoundReport[] = [];
    const booster = await fitted({ rounds: 12, onRound: (report) => reports.push(report) });
    expect(reports.map(({ round }) => round)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    for (let i = 1; i < 12; i++) {
      expect(reports[i].trainingLoss).toBeLessThan(reports[i - 1].trainingLoss);
    }
    const loss = meanLoss(booster.predictProbabilities(train.X), train.y);
    expect(reports[11].trainingLoss).toBeCloseTo(loss, 5);
    expect(reports[11].validationLoss).toBeUndefined();
    expect(reports[0].trainingLoss).toBeLessThan(Math.log(8));
  });

  it('keeps the best round and stops after `patience` rounds without a better one', async () => {
    const losses: number[] = [];
    const earlyStopping = { ...unseen, patience: 4 };
    const onRound = ({ validationLoss }: RoundReport) => losses.push(validationLoss!);
    const options = { rounds: 400, maxDepth: 5, learningRate: 0.5 };
    const booster = await fitted({ ...options, earlyStopping, onRound });
    const best = losses.indexOf(Math.min(...losses)) + 1;
    expect(best).toBeGreaterThan(1);
    expect(booster.model.rounds).toBe(best);
    expect(losses.length).toBe(best + 4);
    expect(booster.model).toEqual((await fitted({ ...options, rounds: best })).model);
    const loss = meanLoss(booster.predictProbabilities(unseen.X), unseen.y);
    expect(loss).toBeCloseTo(losses[best - 1], 5);
  });

  it('keeps every round when the last one is the best', async () => {
    const booster = await fitted({ rounds: 3, earlyStopping: { ...unseen, patience: 1 } });
    expect(booster.model.rounds).toBe(3);
    expect(booster.model.trees.length).toBe(24);
  });

  it('gives the same trees for the same seed, and others for another', async () => {
    const options = { subsample: 0.6, columnSample: 0.5, seed: 11 };
    const { model } = await fitted(options);
    expect((await fitted(options)).model).toEqual(model);
    expect((await fitted({ ...options, seed: 12 })).model).not.toEqual(model);
    expect((await fitted({ ...options, subsample: 1 })).model).not.toEqual(model);
    expect((await fitted({ ...options, columnSample: 1 })).model).not.toEqual(model);
    // Nothing is drawn, so the seed says nothing.
    expect((await fitted({ seed: 1 })).model).toEqual((await fitted({ seed: 2 })).model);
  });

  it('shows each tree its share of the features, in the end all of them', async () => {
    const { model } = await fitted({ columnSample: 0.3, maxDepth: 6 });
    const used = model.trees.map(({ feature }) => new Set(feature.filter((f) => f >= 0)));
    for (const features of used) expect(features.size).toBeLessThanOrEqual(3);
    expect(new Set(used.flatMap((features) => [...features])).size).toBe(12);
    const { model: stingy } = await fitted({ columnSample: 0.001 });
    expect(stingy.trees.every(({ feature }) => new Set(feature).size <= 2)).toBe(true);
    expect(branches(stingy)).toBeGreaterThan(0);
  });

  it('still learns from a part of the samples and features', async () => {
    const booster = await fitted({ rounds: 60, subsample: 0.5, columnSample: 0.5, seed: 4 });
    expect(accuracy(booster.predictProbabilities(unseen.X), unseen.y)).toBeGreaterThan(0.7);
  });

  it('grows smaller trees under each penalty', async () => {
    const full = (await fitted({ maxDepth: 6 })).model;
    for (const penalty of [{ alpha: 2 }, { gamma: 2 }, { minChildWeight: 8 }]) {
      const { model } = await fitted({ maxDepth: 6, ...penalty });
      const share = branches(model) / branches(full);
      expect(share).toBeLessThan(0.9);
      expect(share).toBeGreaterThan(0);
    }
    const { model } = await fitted({ maxDepth: 6, gamma: 2 });
    for (const { gain, feature } of model.trees) {
      expect(gain.every((value, i) => feature[i] < 0 || value >= 2)).toBe(true);
    }
    expect(branches((await fitted({ gamma: 1e6 })).model)).toBe(0);
    expect(branches((await fitted({ maxDepth: 1 })).model)).toBe(80);
  });

  it('draws leaf weights towards zero under lambda and the learning rate', async () => {
    const largest = async (options: BoostingOptions) => {
      const { model } = await fitted({ rounds: 1, ...options });
      return Math.max(...model.trees.flatMap(({ weights }) => [...weights].map(Math.abs)));
    };
    const plain = await largest({});
    expect(await largest({ lambda: 10 })).toBeLessThan(0.8 * plain);
    expect(await largest({ learningRate: 0.15 })).toBeCloseTo(plain / 2, 6);
  });

  it('takes few bins', async () => {
    const booster = await fitted({ rounds: 40, maxBins: 8 });
    const thresholds = new Set(
      booster.model.trees.flatMap(({ feature, threshold }) =>
        [...threshold].filter((_, i) => feature[i] === 0),
      ),
    );
    expect(thresholds.size).toBeLessThanOrEqual(7);
    expect(accuracy(booster.predictProbabilities(unseen.X), unseen.y)).toBeGreaterThan(0.7);
  });

  it('never splits on a constant feature, and says the class shares when all are', async () => {
    const constant = fromRows(Array.from(train.y, (_, i) => [7, rowOf(train.X, i)[0], -1]));
    const { model, featureImportances } = await fitted(
      { columnSample: 0.4 },
      { X: constant, y: train.y },
    );
    expect(model.trees.every(({ feature }) => feature.every((f) => f < 0 || f === 1))).toBe(true);
    expect([...featureImportances]).toEqual([0, 1, 0]);

    const X = fromRows([[3], [3], [3], [3]]);
    const booster = await fitted(
      { classCount: 2, rounds: 200 },
      { X, y: Int32Array.of(0, 1, 1, 1) },
    );
    const [none, most] = rowOf(booster.predictProbabilities(X), 0);
    expect(none).toBeCloseTo(0.25, 2);
    expect(most).toBeCloseTo(0.75, 2);
    expect([...booster.featureImportances]).toEqual([0]);
  });

  it('gives a class that never occurs the probability 0 and leaves the others alone', async () => {
    const y = train.y.map((label) => Math.floor(label / 2));
    const apart = y.map((label) => 2 * label + 1);
    const plain = (await fitted({ classCount: 4 }, { X: train.X, y })).predictProbabilities(
      unseen.X,
    );
    const spread = (await fitted({}, { X: train.X, y: apart })).predictProbabilities(unseen.X);
    for (let i = 0; i < unseen.X.rows; i++) {
      const row = [...rowOf(plain, i)].flatMap((p) => [0, p]);
      expect([...rowOf(spread, i)]).toEqual(row);
    }
  });

  it('is sure of the only class that occurs', async () => {
    const booster = await fitted({}, { X: train.X, y: new Int32Array(train.X.rows).fill(5) });
    expect([...rowOf(booster.predictProbabilities(unseen.X), 0)]).toEqual([0, 0, 0, 0, 0, 1, 0, 0]);
  });

  it('takes a sample of weight 2 for two samples', async () => {
    // No more samples than bins: repeating some does not move an edge.
    const rows = Int32Array.from({ length: 200 }, (_, i) => i);
    const [X, y] = [takeRows(train.X, rows), train.y.slice(0, 200)];
    const twice = Int32Array.from([...rows, ...rows.filter((i) => i % 3 === 0)]);
    const repeated = await fitted(
      {},
      { X: takeRows(X, twice), y: Int32Array.from(twice, (i) => y[i]) },
    );
    const weights = Float64Array.from(rows, (i) => (i % 3 === 0 ? 2 : 1));
    const weighted = new GradientBoostingClassifier({ rounds: 10, maxDepth: 3 });
    await weighted.fit(X, y, weights);
    const expected = repeated.predictProbabilities(unseen.X).data;
    for (const [i, p] of weighted.predictProbabilities(unseen.X).data.entries()) {
      expect(p).toBeCloseTo(expected[i], 5);
    }
    const plain = (await fitted({}, { X, y })).predictProbabilities(unseen.X).data;
    expect(plain.some((p, i) => Math.abs(p - expected[i]) > 0.05)).toBe(true);
  });

  it('is plain data that another thread can use', async () => {
    const booster = await fitted({});
    const { port1, port2 } = new MessageChannel();
    const arrived = once(port2, 'message');
    port1.postMessage(booster.model);
    const copy = new GradientBoostingClassifier().use((await arrived)[0]);
    port1.close();
    expect(copy.model).toEqual(booster.model);
    expect(copy.predictProbabilities(unseen.X)).toEqual(booster.predictProbabilities(unseen.X));
  });

  it('stops with the reason of its signal, though the loop never ends by itself', async () => {
    const reason = new Error('enough');
    const rounds = 1e9;
    const controller = new AbortController();
    const seen: number[] = [];
    const onRound = ({ round }: RoundReport) => {
      seen.push(round);
      if (round === 2) controller.abort(reason);
    };
    await expect(fitted({ rounds, signal: controller.signal, onRound })).rejects.toBe(reason);
    expect(seen).toEqual([1, 2]);

    const later = new AbortController();
    setTimeout(() => later.abort(reason), 1);
    await expect(fitted({ rounds, signal: later.signal })).rejects.toBe(reason);
  });

  it('refuses options out of range', () => {
    const bad: BoostingOptions[] = [
      { rounds: 0 },
      { rounds: 1.5 },
      { maxDepth: 0 },
      { learningRate: 0 },
      { learningRate: 1.1 },
      { lambda: -1 },
      { alpha: Number.NaN },
      { gamma: -0.1 },
      { minChildWeight: Number.POSITIVE_INFINITY },
      { subsample: 0 },
      { columnSample: 1.5 },
      { maxBins: 1 },
      { maxBins: 257 },
      { classCount: 0 },
      { classCount: 257 },
      { earlyStopping: { ...unseen, patience: 0 } },
    ];
    for (const options of bad) {
      expect(() => new GradientBoostingClassifier(options), JSON.stringify(options)).toThrow(
        RangeError,
      );
    }
  });

  it('refuses shapes and values that do not fit', async () => {
    const X = fromRows([[1], [2]]);
    const y = Int32Array.of(0, 1);
    const booster = new GradientBoostingClassifier({ rounds: 1 });
    expect(() => booster.model).toThrow('not fitted');
    expect(() => booster.predictProbabilities(X)).toThrow('not fitted');
    await expect(booster.fit(X, Int32Array.of(0))).rejects.toThrow(RangeError);
    await expect(booster.fit(X, Int32Array.of(0, 8))).rejects.toThrow(RangeError);
    await expect(booster.fit(X, Int32Array.of(0, -1))).rejects.toThrow(RangeError);
    await expect(booster.fit(fromRows([]), new Int32Array(0))).rejects.toThrow(RangeError);
    await expect(booster.fit(fromRows([[1], [Number.NaN]]), y)).rejects.toThrow(RangeError);
    for (const weights of [[1], [1, -1], [0, 0], [1, Number.NaN]]) {
      await expect(booster.fit(X, y, weights), `${weights}`).rejects.toThrow(RangeError);
    }
    const wide = { X: fromRows([[1, 2]]), y: Int32Array.of(0), patience: 1 };
    const stopping = new GradientBoostingClassifier({ earlyStopping: wide });
    await expect(stopping.fit(X, y)).rejects.toThrow(RangeError);
    await booster.fit(X, y);
    expect(() => booster.predictProbabilities(wide.X)).toThrow(RangeError);
  });
});
