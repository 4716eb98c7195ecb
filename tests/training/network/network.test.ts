import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIOSET_MEL } from '../../../core/features/config.ts';
import { EMOTION_COUNT } from '../../../core/model/emotions.ts';
import { WINDOW_ROWS } from '../../../core/model/input.ts';
import { LOG_OFFSET } from '../../../evaluation/calibration.ts';
import { type Matrix, rowOf, zeros } from '../../../evaluation/matrix.ts';
import {
  crossEntropy,
  input,
  Program,
  sub,
  sum,
  TrainingStep,
} from '../../../training/autodiff/index.ts';
import {
  EmotionNetwork,
  type NetworkWeights,
  VOICE_CLASSES,
} from '../../../training/network/architecture.ts';
import type { BatchGroup } from '../../../training/network/batches.ts';
import { EMOTION_OUTPUT, exportEnsemble, VOICE_OUTPUT } from '../../../training/network/export.ts';
import { type FitOptions, fitNetwork, type NetworkRecipe } from '../../../training/network/fit.ts';
import { feedsOf } from '../../../training/network/graph-input.ts';
import { graphOperators, inferBlocks } from '../../../training/network/inference.ts';
import { MobileNet } from '../../../training/network/mobilenet.ts';
import { predictClips } from '../../../training/network/predict.ts';
import { AudiosetNetwork, type Probe } from '../../../training/network/probe.ts';
import { QuantizedSpeechEmbedding } from '../../../training/network/quantized-speech.ts';
import { applyScaling, type Scaling } from '../../../training/network/scaling.ts';
import type { Spectrograms } from '../../../training/network/spectrogram-store.ts';
import { STEPS_PER_UNIT } from '../../../training/network/spectrogram-task.ts';
import { SpeechEmbedding, tensorsOf } from '../../../training/network/speech-embedding.ts';
import type { Tensors } from '../../../training/network/weights-file.ts';
import { GraphBuilder } from '../../../training/onnx/graph.ts';
import { createRandom, type Random } from '../../../training/random.ts';
import { randomTensors } from '../../fixtures/mobilenet.ts';
import { randomSpeechModel } from '../../fixtures/speech-embedding.ts';

const { bands } = AUDIOSET_MEL;
const BATCH = 4;
const SCALING: Scaling = { temperature: 1.3, bias: [0.3, 0.3, -0.2, 0, 0.1, -0.4, 0, 0.2] };
const PLAIN: Scaling = { temperature: 1, bias: SCALING.bias.map(() => 0) };

/** Windows that rise and fall as spectrograms do: neighbours are alike, and no two windows are. */
function drawWindows(random: Random, count: number, rows: number): Float32Array {
  const x = new Float32Array(count * rows * bands);
  for (let i = 0; i < count; i++) {
    const [pace, slope, phase] = [0.05 + 0.2 * random.uniform(), random.normal(), random.normal()];
    for (let t = 0; t < rows; t++) {
      for (let band = 0; band < bands; band++) {
        const wave = Math.sin(phase + pace * t + (slope * band) / 20);
        x[(i * rows + t) * bands + band] = 0.8 * wave - 0.3 + 0.2 * random.normal();
      }
    }
  }
  return x;
}

/** Small enough for the loss to be a line, large beside its rounding: the gradients are about 100 long. */
const DISTANCE = 0.001;

interface Made {
  readonly x: Float32Array;
  /** What the training graph says about x. */
  readonly emotions: Matrix;
  readonly voices: Float32Array;
  /** How much the loss falls along its gradient, and the length of that. */
  readonly slope: number;
  readonly gradientNorm: number;
  /** The network that prediction would use, with the statistics of x as its running ones. */
  readonly weights: NetworkWeights;
}

/** Runs the training graph on some windows and takes their statistics for the running ones. */
async function make(frozenBlocks: number, seed: number): Promise<Made> {
  const random = createRandom(seed);
  const start = frozenBlocks > 0 ? randomTensors(random) : null;
  const options = { start, frozenBlocks, classes: EMOTION_COUNT, dropout: 0, random };
  const network = new EmotionNetwork(options);
  const windows = input([BATCH, WINDOW_ROWS, bands]);
  const targets = input([BATCH, EMOTION_COUNT]);
  const { emotion, voice } = network.logits(windows);
  // Every parameter takes part, so that the step holds all of them.
  const loss = sub(crossEntropy(emotion, targets), sum(voice));
  const step = await TrainingStep.compile(loss, network.parameters(), [
    ...network.outputs(),
    emotion,
    voice,
  ]);
  // Attention, biases and gains that are no longer what they begin with.
  for (let i = 0; i < step.values.length; i++) step.values[i] += 0.03 * random.normal();
  step.buffer(windows).set(drawWindows(random, BATCH, WINDOW_ROWS));
  for (let i = 0; i < BATCH; i++) step.buffer(targets)[i * EMOTION_COUNT + i] = 1;
  await step.run();
  for (const norm of network.norms()) {
    const [mean, variance] = norm.outputs().map((statistic) => step.buffer(statistic));
    norm.runningMean.set(mean);
    norm.runningVariance.set(variance);
  }
  const gradient = step.gradients.slice();
  const gradientNorm = Math.sqrt(gradient.reduce((total, g) => total + g * g, 0));
  const emotions = softmax(step.buffer(emotion), EMOTION_COUNT);
  const voices = softmax(step.buffer(voice), VOICE_CLASSES).data.filter((_, i) => i % 2 === 1);
  const weights = network.weights(step);
  const lossAlong = (distance: number) => {
    for (let i = 0; i < gradient.length; i++) {
      step.values[i] += (distance * gradient[i]) / gradientNorm;
    }
    return step.run();
  };
  const above = await lossAlong(DISTANCE);
  const below = await lossAlong(-2 * DISTANCE);
  const made = {
    x: step.buffer(windows).slice(),
    emotions,
    voices,
    slope: (above - below) / (2 * DISTANCE),
    gradientNorm,
    weights,
  };
  await step.release();
  return made;
}

function softmax(logits: Float32Array, columns: number): Matrix {
  const probabilities = zeros(logits.length / columns, columns);
  for (let i = 0; i < logits.length; i += columns) {
    const powers = Array.from(logits.subarray(i, i + columns), Math.exp);
    const total = powers.reduce((a, b) => a + b, 0);
    probabilities.data.set(
      powers.map((power) => power / total),
      i,
    );
  }
  return probabilities;
}

async function runExported(
  networks: NetworkWeights[],
  x: Float32Array,
  scaling = SCALING,
  probes: Probe[] = [],
) {
  const session = await InferenceSession.create(exportEnsemble({ networks, probes }, scaling));
  const area = WINDOW_ROWS * bands;
  const windows = Array.from({ length: BATCH }, (_, i) => x.subarray(i * area, (i + 1) * area));
  const results = await session.run(feedsOf(windows));
  await session.release();
  return {
    emotions: results[EMOTION_OUTPUT].data as Float32Array,
    voices: results[VOICE_OUTPUT].data as Float32Array,
  };
}

function expectEqual(actual: Float32Array, expected: ArrayLike<number>, tolerance = 1e-4): void {
  expect(actual).toHaveLength(expected.length);
  const differences = actual.map((value, i) => Math.abs(value - expected[i]));
  expect(Math.max(...differences)).toBeLessThan(tolerance);
}

/** How many constants a graph has, and its nodes in any order. */
function contentOf(model: Uint8Array) {
  const { node = [], initializer = [] } = fromBinary(ModelProtoSchema, model).graph ?? {};
  return {
    constants: initializer.length,
    nodes: node.map(({ domain, opType, output }) => `${domain} ${opType} ${output}`).sort(),
  };
}

describe('EmotionNetwork', () => {
  let scratch: Made;
  let tuned: Made;
  beforeAll(async () => {
    scratch = await make(0, 7);
    tuned = await make(3, 8);
  });

  it.each(['scratch', 'tuned'] as const)('says the same when it is exported: %s', async (name) => {
    const { x, emotions, voices, weights } = { scratch, tuned }[name];
    const exported = await runExported([weights], x);
    expectEqual(exported.emotions, applyScaling(emotions, SCALING).data);
    expectEqual(exported.voices, voices);
    // Otherwise two networks that say nothing would agree.
    expect(Math.max(...emotions.data) - Math.min(...emotions.data)).toBeGreaterThan(0.05);
    expect(Math.max(...voices) - Math.min(...voices)).toBeGreaterThan(0.01);
  });

  it('is averaged with others in one graph, and then scaled', async () => {
    const { x } = scratch;
    const networks = [scratch.weights, tuned.weights];
    const alone = await Promise.all(networks.map((weights) => runExported([weights], x, PLAIN)));
    const both = await runExported(networks, x);
    const mean = (of: 'emotions' | 'voices') =>
      alone[0][of].map((value, i) => (value + alone[1][of][i]) / 2);
    expectEqual(both.voices, mean('voices'));
    // What the plain scaling adds to a probability before its logarithm is taken off again.
    const emotions = zeros(BATCH, EMOTION_COUNT);
    emotions.data.set(
      mean('emotions').map((p) => p * (1 + EMOTION_COUNT * LOG_OFFSET) - LOG_OFFSET),
    );
    expectEqual(both.emotions, applyScaling(emotions, SCALING).data);
  });

  /** Probes that are sure of one class each, whatever they hear. */
  const sureOf = (...classes: readonly [number, number]): Probe[] =>
    [
      new AudiosetNetwork(randomTensors(createRandom(9))),
      new QuantizedSpeechEmbedding(
        new SpeechEmbedding(tensorsOf(randomSpeechModel(createRandom(10)))),
        new Array<number>(19).fill(8),
      ),
    ].map((network, i) => ({
      network,
      weight: new Float32Array(EMOTION_COUNT * network.activations),
      bias: Float32Array.from({ length: EMOTION_COUNT }, (_, k) => (k === classes[i] ? 50 : 0)),
    }));

  it('counts all networks as one, and each probe as one', async () => {
    const { x, weights } = scratch;
    const alone = await runExported([weights], x, PLAIN);
    const together = await runExported([weights], x, PLAIN, sureOf(3, 5));
    // The probabilities as they were before the plain scaling.
    const unscaled = ({ emotions }: typeof alone) =>
      emotions.map((p) => p * (1 + EMOTION_COUNT * LOG_OFFSET) - LOG_OFFSET);
    const expected = unscaled(alone).map((p, i) => {
      const votes = [3, 5].filter((k) => k === i % EMOTION_COUNT).length;
      return (p + votes) / 3;
    });
    expectEqual(unscaled(together), expected);
  });

  it('leaves onnxruntime nothing to rewrite when it is loaded', async () => {
    const networks = [scratch.weights, tuned.weights];
    const probes = sureOf(3, 5);
    const graph = exportEnsemble({ networks, probes }, SCALING);
    const folder = await mkdtemp(join(tmpdir(), 'undertone-export-'));
    try {
      const rewritten = join(folder, 'rewritten.onnx');
      // All that does not depend on the machine.
      const options = {
        graphOptimizationLevel: 'basic',
        optimizedModelFilePath: rewritten,
      } as const;
      const session = await InferenceSession.create(graph, options);
      await session.release();
      expect(contentOf(await readFile(rewritten))).toEqual(contentOf(graph));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('has a gradient that agrees with a numeric one along it', () => {
    for (const { slope, gradientNorm } of [scratch, tuned]) {
      expect(slope / gradientNorm).toBeCloseTo(1, 1);
    }
  });

  it('says of clips what it says of their windows, in the mean over them', async () => {
    const { weights } = scratch;
    const x = scratch.x.map((value) => Math.round(value * STEPS_PER_UNIT) / STEPS_PER_UNIT);
    const area = WINDOW_ROWS * bands;
    // The second clip is a window and a half long: two windows that overlap.
    const clips = [x.subarray(0, area), x.subarray(area, area * 2.5), new Float32Array(0)];
    const spectrograms = storeOf(clips);
    const { emotions, voices } = await predictClips(
      { networks: [weights], probes: [] },
      spectrograms,
      [0, 1, 2],
    );
    const windows = new Float32Array(BATCH * area);
    windows.set(x.subarray(0, 2 * area));
    windows.set(x.subarray(area * 1.5, area * 2.5), 2 * area);
    const told = await runExported([weights], windows, PLAIN);
    const ofWindow = (w: number) =>
      told.emotions.subarray(w * EMOTION_COUNT, (w + 1) * EMOTION_COUNT);
    const both = ofWindow(1).map((p, k) => (p + ofWindow(2)[k]) / 2);
    const scaled = applyScaling(emotions, PLAIN);
    expectEqual(rowOf(scaled, 0), ofWindow(0));
    expectEqual(rowOf(scaled, 1), both, 1e-3);
    expectEqual(voices.subarray(0, 2), [told.voices[0], Math.max(told.voices[1], told.voices[2])]);
    // Of one that is empty nothing is known.
    expectEqual(rowOf(emotions, 2), new Float32Array(EMOTION_COUNT).fill(1 / EMOTION_COUNT));
    expect(voices[2]).toBe(0);
  });
});

describe('MobileNet', () => {
  it('computes what is frozen as prediction does, whatever is frozen', async () => {
    const start = randomTensors(createRandom(5));
    const random = createRandom(6);
    const x = input([2, 48, bands]);
    const frozen = new MobileNet({ start, frozenBlocks: 3, random });
    const [first] = frozen.maps(x);
    const program = await Program.compile([first]);
    program.buffer(x).set(drawWindows(random, 2, 48));
    await program.run();

    // Untrained, the same weights fold to the same layers whether they are trained or not.
    const free = new MobileNet({ start, frozenBlocks: 0, random });
    const step = await TrainingStep.compile(sum(free.forward(x)), free.parameters(), []);
    const { stem, blocks } = free.weights(step);
    await step.release();
    const graph = new GraphBuilder('blocks');
    const image = graph.input('image', [2, 1, bands, 48]);
    const map = inferBlocks(graphOperators(graph), image, { stem, blocks: blocks.slice(0, 3) });
    graph.output(
      graph.node('Transpose', [map], { perm: { ints: [1, 2, 3, 0] } }),
      'map',
      first.shape,
    );
    const session = await InferenceSession.create(graph.toBytes());
    const transposed = new Float32Array(2 * 48 * bands);
    program.buffer(x).forEach((value, i) => {
      const [clip, row, band] = [Math.floor(i / bands / 48), Math.floor(i / bands) % 48, i % bands];
      transposed[(clip * bands + band) * 48 + row] = value;
    });
    const feeds = { image: new Tensor('float32', transposed, [2, 1, bands, 48]) };
    const { map: expected } = await session.run(feeds);
    expectEqual(program.buffer(first), expected.data as Float32Array);
    await Promise.all([program.release(), session.release()]);
  });

  it('trains the same parameters whether what is frozen was loaded or drawn at random', () => {
    const random = createRandom(7);
    const shapes = (start: Tensors | null, frozenBlocks: number) =>
      new MobileNet({ start, frozenBlocks, random }).parameters().map(({ shape }) => shape);
    expect(shapes(null, 3)).toEqual(shapes(randomTensors(random), 3));
    expect(shapes(null, 3).length).toBeLessThan(shapes(null, 0).length);
  });
});

/** Keeps clips as training does: in 16 bits. */
function storeOf(clips: readonly Float32Array[]): Spectrograms {
  const offsets = new Float64Array(clips.length + 1);
  clips.forEach((clip, i) => {
    offsets[i + 1] = offsets[i] + clip.length;
  });
  const data = new Int16Array(offsets[clips.length]);
  clips.forEach((clip, i) => {
    data.set(
      clip.map((value) => Math.round(value * STEPS_PER_UNIT)),
      offsets[i],
    );
  });
  return { renderings: 1, data, offsets };
}

const RECIPE: NetworkRecipe = {
  cropRows: 32,
  steps: 5,
  learningRate: 3e-3,
  weightDecay: 0.01,
  dropout: 0.1,
  labelSmoothing: 0,
  frozenBlocks: 0,
  votes: 0,
  averaging: 0.9,
};

describe('fitNetwork', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'undertone-network-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Clips whose class is which half of the bands is loud, and a sound in which all bands are. */
  function groups(): BatchGroup[] {
    const random = createRandom(2);
    const clip = (isLoud: (band: number) => boolean) =>
      Float32Array.from(
        { length: 40 * bands },
        (_, i) => (isLoud(i % bands) ? 1 : -1) + 0.2 * random.normal(),
      );
    const clips = Array.from({ length: 8 }, (_, i) =>
      clip((band) => band < bands / 2 === (i % 2 === 0)),
    );
    const oneHot = zeros(clips.length, EMOTION_COUNT);
    clips.forEach((_, i) => {
      rowOf(oneHot, i)[i % 2] = 1;
    });
    return [
      {
        spectrograms: storeOf(clips),
        rows: Int32Array.from(clips.keys()),
        targets: oneHot.data,
        isVoice: true,
        isPlain: false,
        classes: new Uint8Array(EMOTION_COUNT).fill(1),
        count: 8,
      },
      {
        spectrograms: storeOf([clip(() => true)]),
        rows: Int32Array.of(0),
        targets: new Float32Array(EMOTION_COUNT).fill(1 / EMOTION_COUNT),
        isVoice: false,
        isPlain: false,
        classes: new Uint8Array(EMOTION_COUNT).fill(1),
        count: 2,
      },
    ];
  }

  const optionsFor = (name: string, recipe: NetworkRecipe = RECIPE): FitOptions => ({
    recipe,
    groups: groups(),
    seed: 3,
    start: null,
    checkpoint: join(folder, name),
    interval: 2,
    onProgress: () => {},
  });

  it('gives the same weights for a seed, also when it was stopped in between', async () => {
    const whole = await fitNetwork(optionsFor('whole'));
    expect(whole.curve.map(({ step }) => step)).toEqual([2, 4, 5]);
    const stop = new AbortController();
    const reason = new Error('enough');
    const stopping = fitNetwork({
      ...optionsFor('stopped'),
      onProgress: () => stop.abort(reason),
      signal: stop.signal,
    });
    await expect(stopping).rejects.toBe(reason);
    const steps: number[] = [];
    const resumed = await fitNetwork({
      ...optionsFor('stopped'),
      onProgress: ({ step }) => steps.push(step),
    });
    expect(steps).toEqual([4, 5]);
    expect(resumed).toEqual(whole);
  }, 120_000);

  it('learns, and shows those who are watched a network as prediction uses it', async () => {
    const watched: number[] = [];
    const plain = { dropout: 0 };
    const recipe = { ...RECIPE, ...plain, steps: 60, learningRate: 1e-2 };
    const { curve } = await fitNetwork({
      ...optionsFor('learning', recipe),
      interval: 20,
      watch: async ({ classes }) => {
        watched.push(classes);
        return 0.5;
      },
    });
    expect(curve.at(-1)!.loss).toBeLessThan(curve[0].loss / 2);
    expect(curve.map((point) => point.watched)).toEqual([0.5, 0.5, 0.5]);
    expect(watched).toEqual([8, 8, 8]);
  });

  it('begins with the weights that it is given', async () => {
    const random = createRandom(9);
    const start = randomTensors(random);
    const recipe = { ...RECIPE, steps: 1, learningRate: 0, frozenBlocks: 3 };
    const { weights } = await fitNetwork({ ...optionsFor('start', recipe), start });
    const { blocks, stem } = weights;
    const gain = (name: string, k: number) => {
      const part = (tensor: string) => start.get(`${name}.1.${tensor}`)!.data[k];
      return part('weight') / Math.sqrt(part('running_var') + 1e-3);
    };
    // What is frozen keeps its statistics too: a fold of what was loaded, value by value.
    expect(stem.weight[0]).toBeCloseTo(
      start.get('features.0.0.weight')!.data[0] * gain('features.0', 0),
      5,
    );
    expect(blocks[1].expand!.weight[5]).toBeCloseTo(
      start.get('features.2.block.0.0.weight')!.data[5] * gain('features.2.block.0', 0),
      5,
    );
    // What is trained is what was loaded: at a rate of 0 only its statistics have moved.
    expectEqual(
      blocks[10].squeeze!.reduce,
      start.get('features.11.block.2.conc_se_layers.0.fc1.weight')!.data,
      1e-6,
    );
  });
});
