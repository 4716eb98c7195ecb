import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { argmaxRows, type Matrix, rowOf, takeRows, zeros } from '../../../evaluation/matrix.ts';
import { input, mean, TrainingStep } from '../../../training/autodiff/index.ts';
import {
  type EpochReport,
  MlpClassifier,
  type MlpOptions,
  predictMlp,
} from '../../../training/baselines/mlp.ts';
import {
  appendMlp,
  type MlpLayer,
  type MlpModel,
  MlpNetwork,
} from '../../../training/baselines/mlp-network.ts';
import { GraphBuilder } from '../../../training/onnx/graph.ts';
import { createRandom } from '../../../training/random.ts';

const CLASSES = 8;
const FEATURES = 12;
const SMALL: MlpOptions = {
  classCount: CLASSES,
  hidden: [32, 16],
  epochs: 25,
  batchSize: 32,
  dropout: 0.1,
};

/** Eight classes by the signs of three hidden directions, two by two exclusive: not linear. */
function samples(rows: number, seed: number, noise = 0.15): { X: Matrix; y: Int32Array } {
  const random = createRandom(seed);
  const X = zeros(rows, FEATURES);
  const y = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const bits = Array.from({ length: 4 }, () => random.integer(2));
    y[i] = (bits[0] ^ bits[1]) + 2 * (bits[1] ^ bits[2]) + 4 * (bits[2] ^ bits[3]);
    const row = rowOf(X, i);
    for (let j = 0; j < FEATURES; j++) row[j] = 2 * bits[j % 4] - 1 + noise * 4 * random.normal();
  }
  return { X, y };
}

function accuracy(probabilities: Matrix, y: Int32Array): number {
  return argmaxRows(probabilities).filter((best, i) => best === y[i]).length / y.length;
}

/** The logits of one member, written out in double precision. */
function referenceLogits(
  layers: readonly MlpLayer[],
  member: number,
  features: ArrayLike<number>,
): number[] {
  let values = Array.from(features);
  layers.forEach(({ inFeatures, outFeatures, weight, bias }, layer) => {
    values = Array.from({ length: outFeatures }, (_, j) => {
      let total = bias[member * outFeatures + j];
      for (let i = 0; i < inFeatures; i++) {
        total += values[i] * weight[(member * inFeatures + i) * outFeatures + j];
      }
      return layer < layers.length - 1 ? Math.max(0, total) : total;
    });
  });
  return values;
}

function reference({ members, layers }: MlpModel, features: ArrayLike<number>): number[] {
  const votes = Array.from({ length: members }, (_, member) => {
    const logits = referenceLogits(layers, member, features);
    const highest = Math.max(...logits);
    const exponentials = logits.map((logit) => Math.exp(logit - highest));
    const normaliser = exponentials.reduce((a, b) => a + b);
    return exponentials.map((value) => value / normaliser);
  });
  return votes[0].map((_, j) => votes.reduce((total, vote) => total + vote[j], 0) / members);
}

describe('MlpClassifier', () => {
  const train = samples(600, 1);
  const test = samples(400, 2);
  let single: MlpClassifier;
  let voting: MlpClassifier;

  beforeAll(async () => {
    single = await new MlpClassifier({ ...SMALL, seed: 5 }).fit(train.X, train.y);
    voting = await new MlpClassifier({ ...SMALL, seed: 5, members: 3 }).fit(train.X, train.y);
  });

  it('learns classes that no linear map separates', async () => {
    const linear = await new MlpClassifier({ ...SMALL, hidden: [] }).fit(train.X, train.y);
    expect(accuracy(await linear.predictProbabilities(test.X), test.y)).toBeLessThan(0.4);
    expect(accuracy(await single.predictProbabilities(test.X), test.y)).toBeGreaterThan(0.8);
    expect(accuracy(await voting.predictProbabilities(test.X), test.y)).toBeGreaterThan(0.8);
  });

  it.each([
    'one network',
    'three voting networks',
  ])('predicts what its weights say: %s', async (which) => {
    const classifier = which === 'one network' ? single : voting;
    const probabilities = await classifier.predictProbabilities(test.X);
    expect([probabilities.rows, probabilities.columns]).toEqual([400, CLASSES]);
    let largest = 0;
    for (let i = 0; i < test.X.rows; i++) {
      const expected = reference(classifier.model, rowOf(test.X, i));
      rowOf(probabilities, i).forEach((p, j) => {
        largest = Math.max(largest, Math.abs(p - expected[j]));
      });
    }
    expect(largest).toBeLessThan(1e-5);
  });

  it('exports into a larger graph, behind a scaler, without a change', async () => {
    const graph = new GraphBuilder('serving');
    const raw = graph.input('raw', ['n', FEATURES]);
    const scaled = graph.node('Mul', [raw, graph.scalar(0.5)]);
    graph.output(appendMlp(graph, scaled, voting.model), 'probabilities', ['n', CLASSES]);
    const session = await InferenceSession.create(graph.toBytes());
    const doubled = new Tensor(
      'float32',
      test.X.data.map((x) => 2 * x),
      [400, FEATURES],
    );
    const { probabilities } = await session.run({ raw: doubled });
    await session.release();
    const expected = await voting.predictProbabilities(test.X);
    expect(probabilities.dims).toEqual([400, CLASSES]);
    (probabilities.data as Float32Array).forEach((p, i) => {
      expect(Math.abs(p - expected.data[i])).toBeLessThan(1e-5);
    });
  });

  it('gives the same weights for the same seed, bit for bit, and others for another', async () => {
    const trained = (seed: number) =>
      new MlpClassifier({ ...SMALL, seed, epochs: 3, members: 2 }).fit(train.X, train.y);
    const first = await trained(7);
    expect((await trained(7)).model).toEqual(first.model);
    expect((await trained(8)).model).not.toEqual(first.model);
  });

  it('averages networks that differ', async () => {
    const { weight } = voting.model.layers[0];
    const size = weight.length / 3;
    expect(weight.slice(0, size)).not.toEqual(weight.slice(size, 2 * size));
    expect(voting.model.members).toBe(3);
  });

  it('is plain data that survives being posted to another thread', async () => {
    const posted = structuredClone(single.model);
    expect(posted).toEqual(single.model);
    const expected = await single.predictProbabilities(test.X);
    expect((await predictMlp(posted, test.X)).data).toEqual(expected.data);
  });

  it('gives a class that it never saw a probability of exactly 0, in its own column', async () => {
    const kept = Int32Array.from(train.y.keys()).filter(
      (i) => train.y[i] !== 2 && train.y[i] !== 7,
    );
    const X = takeRows(train.X, kept);
    const y = Int32Array.from(kept, (i) => train.y[i]);
    const classifier = await new MlpClassifier({ ...SMALL, members: 2 }).fit(X, y);
    const probabilities = await classifier.predictProbabilities(X);
    for (let i = 0; i < X.rows; i++) {
      const row = rowOf(probabilities, i);
      expect([row[2], row[7]]).toEqual([0, 0]);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    }
    expect(accuracy(probabilities, y)).toBeGreaterThan(0.8);
  });

  it('reports every epoch, with a falling loss', async () => {
    const reports: EpochReport[] = [];
    await new MlpClassifier({ ...SMALL, onEpoch: (report) => reports.push(report) }).fit(
      train.X,
      train.y,
    );
    expect(reports.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect(reports[24].loss).toBeLessThan(reports[0].loss - 0.5);
    expect(reports[0]).not.toHaveProperty('validationLoss');
  });

  it('stops early and keeps the weights of the best epoch', async () => {
    const noisy = samples(60, 3, 0.6);
    const held = samples(200, 4, 0.6);
    const reports: EpochReport[] = [];
    const classifier = await new MlpClassifier({
      ...SMALL,
      epochs: 200,
      dropout: 0,
      mixup: 0,
      labelSmoothing: 0,
      validation: { ...held, patience: 4 },
      onEpoch: (report) => reports.push(report),
    }).fit(noisy.X, noisy.y);
    const losses = reports.map(({ validationLoss }) => validationLoss!);
    const best = Math.min(...losses);
    expect(reports.length).toBeLessThan(200);
    expect(losses.indexOf(best)).toBe(losses.length - 1 - 4);
    const kept = await classifier.predictProbabilities(held.X);
    const loss = held.y.reduce((sum, label, i) => sum - Math.log(rowOf(kept, i)[label]) / 200, 0);
    expect(loss).toBeCloseTo(best, 5);
  });

  it('ends with the reason of an aborted signal, between two steps', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let epochs = 0;
    const fitting = new MlpClassifier({
      ...SMALL,
      signal: controller.signal,
      onEpoch: () => {
        epochs++;
        controller.abort(reason);
      },
    }).fit(train.X, train.y);
    await expect(fitting).rejects.toBe(reason);
    expect(epochs).toBe(1);
  });

  it('says that the loss is no longer finite instead of returning broken weights', async () => {
    const X = { ...train.X, data: train.X.data.map((x, i) => (i === 30 ? Number.NaN : x)) };
    await expect(new MlpClassifier(SMALL).fit(X, train.y)).rejects.toThrow('the loss is NaN');
  });

  it('refuses what does not fit', async () => {
    const learn = (X: Matrix, y: Int32Array) => new MlpClassifier(SMALL).fit(X, y);
    await expect(learn(train.X, train.y.slice(1))).rejects.toThrow(
      'X is 600 × 12, y has 599 labels',
    );
    await expect(learn(zeros(0, 3), new Int32Array())).rejects.toThrow(RangeError);
    await expect(learn(zeros(2, 3), Int32Array.of(0, 8))).rejects.toThrow(
      'label 8 is not a class from 0 to 7',
    );
    await expect(learn(zeros(2, 3), Int32Array.of(0, -1))).rejects.toThrow('label -1');
    await expect(single.predictProbabilities(zeros(2, 5))).rejects.toThrow(
      'X has 5 features, the model was fitted on 12',
    );
    for (const wrong of [{ epochs: 0 }, { members: 1.5 }, { hidden: [0] }, { dropout: 1 }]) {
      const refused = async () => new MlpClassifier({ ...SMALL, ...wrong }).fit(train.X, train.y);
      await expect(refused()).rejects.toThrow(RangeError);
    }
    expect(() => new MlpClassifier(SMALL).model).toThrow('has not been fitted');
  });
});

describe('MlpNetwork', () => {
  it('folds batch normalisation so that its layers say what training saw', async () => {
    const [members, rows] = [2, 500];
    const random = createRandom(9);
    const shape = { members, features: FEATURES, hidden: [16, 10], classes: CLASSES, dropout: 0 };
    const network = new MlpNetwork(shape, random);
    const x = input([members, rows, FEATURES]);
    const logits = network.module.forward(x);
    const outputs = [logits, ...network.module.outputs()];
    const step = await TrainingStep.compile(mean(logits), network.module.parameters(), outputs);
    const batch = step.buffer(x);
    for (let i = 0; i < batch.length; i++) batch[i] = 1 + 2 * random.normal();
    for (let i = 0; i < step.values.length; i++) step.values[i] += 0.2 * random.normal();
    // The same batch again and again, so that the running statistics become its own.
    for (let i = 0; i < 200; i++) {
      await step.run();
      network.module.afterStep(step);
    }
    const layers = network.layers(step);
    const trained = step.buffer(logits);
    await step.release();
    for (let i = 0; i < members * rows; i++) {
      const features = batch.subarray(i * FEATURES, (i + 1) * FEATURES);
      const expected = referenceLogits(layers, Math.floor(i / rows), features);
      // What is left is the difference between the biased and the unbiased variance.
      expected.forEach((logit, j) => {
        expect(Math.abs(trained[i * CLASSES + j] - logit)).toBeLessThan(0.02);
      });
    }
  });
});
