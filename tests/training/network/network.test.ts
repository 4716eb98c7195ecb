import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crossEntropy, input, TrainingStep } from '../../../training/autodiff/index.ts';
import { argmaxRows } from '../../../training/matrix.ts';
import { EmotionNetwork } from '../../../training/network/architecture.ts';
import { type BatchGroup, fitBandScaling } from '../../../training/network/batches.ts';
import { type FitOptions, fitNetwork, type NetworkRecipe } from '../../../training/network/fit.ts';
import { predictClips } from '../../../training/network/predict.ts';
import type { Spectrograms } from '../../../training/network/spectrogram-store.ts';
import { GraphBuilder } from '../../../training/onnx/graph.ts';
import { appendNetwork } from '../../../training/onnx/network.ts';
import { createRandom } from '../../../training/random.ts';

const SHAPE = { steps: 48, bands: 32, width: 6, embedding: 16, classes: 8 };
const RECIPE: NetworkRecipe = {
  shape: SHAPE,
  cropSteps: 48,
  steps: 12,
  learningRate: 5e-3,
  weightDecay: 0.01,
  dropout: 0.1,
  labelSmoothing: 0,
  mixup: 0.3,
  averaging: 0.9,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-network-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** How fast the loud bands come and go, in radians a step. */
const RATES = [0.2, 0.5, 1.1, 2.4];

/** Clips whose class is the half of the bands that is loud and how fast it comes and goes, with noise. */
function madeClips(
  count: number,
  seed: number,
): { spectrograms: Spectrograms; labels: Int32Array } {
  const random = createRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % SHAPE.classes);
  const rows = Array.from(labels, (label) => {
    const frames = 40 + random.integer(30);
    return Int16Array.from({ length: frames * SHAPE.bands }, (_, i) => {
      const [step, band] = [Math.floor(i / SHAPE.bands), i % SHAPE.bands];
      const isHalf = band < SHAPE.bands / 2 === label < RATES.length;
      const isLoud = isHalf && Math.sin(step * RATES[label % RATES.length]) > 0;
      return 128 * ((isLoud ? 30 : 0) + 3 * random.normal());
    });
  });
  const offsets = new Float64Array(count + 1);
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i] + row.length;
  });
  const data = new Int16Array(offsets[count]);
  rows.forEach((row, i) => {
    data.set(row, offsets[i]);
  });
  return { spectrograms: { renderings: 1, data, offsets, functionals: [] }, labels };
}

function optionsFor(
  clips: ReturnType<typeof madeClips>,
  count: number,
  name: string,
  recipe: NetworkRecipe,
): FitOptions {
  const rows = Int32Array.from(clips.labels.keys());
  const groups: BatchGroup[] = [{ ...clips, rows, count }];
  return {
    ...{ recipe, groups, scaling: fitBandScaling(groups, SHAPE.bands), seed: 3 },
    checkpoint: join(folder, name),
    interval: 4,
    onProgress: () => {},
  };
}

describe('EmotionNetwork', () => {
  it('is the same network when it is exported', async () => {
    const random = createRandom(7);
    const network = new EmotionNetwork(SHAPE, { dropout: 0, random });
    const x = input([5, 1, SHAPE.steps, SHAPE.bands]);
    const targets = input([5, SHAPE.classes]);
    const logits = network.forward(x);
    const step = await TrainingStep.compile(crossEntropy(logits, targets), network.parameters(), [
      ...network.outputs(),
      logits,
    ]);
    // Gains of both signs: a negative one may not swap with the maximum of a pooling.
    for (let i = 0; i < step.values.length; i++) step.values[i] += 0.3 * random.normal();
    for (let i = 0; i < step.buffer(x).length; i++) step.buffer(x)[i] = random.normal();
    await step.run();
    for (const norm of network.norms()) {
      const [mean, variance] = norm.outputs().map((statistic) => step.buffer(statistic));
      norm.runningMean.set(mean);
      norm.runningVariance.set(variance);
    }
    const graph = new GraphBuilder('test');
    const windows = graph.input('x', ['n', 1, SHAPE.steps, SHAPE.bands]);
    graph.output(appendNetwork(graph, windows, network.weights(step)), 'logits', ['n', 8]);
    const session = await InferenceSession.create(graph.toBytes());
    const result = await session.run({ x: new Tensor('float32', step.buffer(x), x.shape) });
    const exported = result.logits.data as Float32Array;
    const expected = step.buffer(logits);
    expected.forEach((value, i) => {
      expect(exported[i]).toBeCloseTo(value, 3);
    });
    await Promise.all([session.release(), step.release()]);
  });

  it('learns ten clips by heart', async () => {
    const clips = madeClips(10, 1);
    const recipe = { ...RECIPE, steps: 200, dropout: 0, mixup: 0 };
    const fit = await fitNetwork(optionsFor(clips, 10, 'by-heart', recipe));
    const rows = Int32Array.from(clips.labels.keys());
    const scaling = fitBandScaling([{ ...clips, rows, count: 10 }], SHAPE.bands);
    const predicted = await predictClips({ ...fit, scaling }, clips.spectrograms, rows);
    expect([...argmaxRows(predicted)]).toEqual([...clips.labels]);
    expect(fit.curve.at(-1)?.loss).toBeLessThan(fit.curve[0].loss / 3);
  });

  it('hears clips that it has not learnt', async () => {
    const recipe = { ...RECIPE, steps: 200 };
    const learnt = madeClips(64, 2);
    const fit = await fitNetwork(optionsFor(learnt, 16, 'strangers', recipe));
    const strangers = madeClips(40, 9);
    const rows = Int32Array.from(strangers.labels.keys());
    const scaling = optionsFor(learnt, 16, '', recipe).scaling;
    const predicted = await predictClips({ ...fit, scaling }, strangers.spectrograms, rows);
    const right = argmaxRows(predicted).filter((k, i) => k === strangers.labels[i]).length;
    expect(right / rows.length).toBeGreaterThan(0.8);
  });
});

describe('fitNetwork', () => {
  it('gives the same weights for a seed, also when it was stopped in between', async () => {
    const clips = madeClips(20, 4);
    const whole = await fitNetwork(optionsFor(clips, 8, 'whole', RECIPE));
    const options = optionsFor(clips, 8, 'stopped', RECIPE);
    const stop = new Error('stopped');
    const stopping = fitNetwork({
      ...options,
      onProgress: ({ step }) => {
        if (step === 8) throw stop;
      },
    });
    await expect(stopping).rejects.toBe(stop);
    const steps: number[] = [];
    const resumed = await fitNetwork({ ...options, onProgress: ({ step }) => steps.push(step) });
    expect(steps).toEqual([12]);
    expect(resumed).toEqual(whole);
    const other = await fitNetwork({ ...optionsFor(clips, 8, 'other', RECIPE), seed: 4 });
    expect(other.values).not.toEqual(whole.values);
  });

  it('begins where another fit ended', async () => {
    const clips = madeClips(20, 5);
    const first = await fitNetwork(optionsFor(clips, 8, 'first', RECIPE));
    const recipe = { ...RECIPE, steps: 1, learningRate: 0 };
    const second = await fitNetwork({
      ...optionsFor(clips, 8, 'second', recipe),
      start: first.values,
    });
    expect(second.values).toEqual(first.values);
  });
});
