import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { TensorProto_DataType as DataType, ModelProtoSchema } from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AudiosetMel } from '../../../core/features/audioset-mel.ts';
import { AUDIOSET_MEL } from '../../../core/features/config.ts';
import { RealFft } from '../../../core/features/fft.ts';
import { MelFilterBank } from '../../../core/features/mel.ts';
import { WINDOW_ROWS } from '../../../core/model/input.ts';
import { appendWindows, feedsOf } from '../../../training/network/graph-input.ts';
import { graphOperators } from '../../../training/network/inference.ts';
import type { PublishedNetwork } from '../../../training/network/probe.ts';
import {
  QuantizedSpeechEmbedding,
  quantizeSpeech,
} from '../../../training/network/quantized-speech.ts';
import { readSpeechEmbedding } from '../../../training/network/speech-embedding.ts';
import { GraphBuilder } from '../../../training/onnx/graph.ts';
import { createRandom } from '../../../training/random.ts';
import { voiceLike } from '../../fixtures/audio.ts';
import { randomSpeechModel } from '../../fixtures/speech-embedding.ts';

const { bands, nFft, winLength, hopLength, sampleRate } = AUDIOSET_MEL;
const BANDS = 32;
const published = randomSpeechModel(createRandom(4), WINDOW_ROWS);
const random = createRandom(8);
// A microphone is never silent.
const samples = voiceLike({ seconds: 5, pitchHz: 190, seed: 2 }).map(
  (value) => value + 0.003 * random.normal(),
);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-speech-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** The spectrogram of the samples as openWakeWord defines it, frames × 32: 16-bit samples, log10 + 2. */
function expectedMel(): Float32Array {
  const bank = new MelFilterBank({ sampleRate, nFft, bands: BANDS, fmin: 60, fmax: 3800 });
  const fft = new RealFft(nFft);
  const frame = new Float64Array(nFft);
  const power = new Float64Array(nFft / 2 + 1);
  const energies = new Float64Array(BANDS);
  const mel = new Float32Array(WINDOW_ROWS * BANDS);
  for (let t = 0; t < WINDOW_ROWS; t++) {
    for (let n = 0; n < winLength; n++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / winLength);
      const sample = samples[Math.abs(t * hopLength + n - winLength / 2)];
      frame[(nFft - winLength) / 2 + n] = hann * sample * 32_768;
    }
    fft.powerSpectrum(frame, power);
    bank.apply(power, energies);
    energies.forEach((energy, band) => {
      mel[t * BANDS + band] = Math.log10(Math.max(energy, 1e-10)) + 2;
    });
  }
  return mel;
}

/** Means, then deviations over frames of maps [1, channels, frames, bands], with the roots of probes. */
function described(maps: readonly Tensor[]): number[] {
  const columns = maps.flatMap(({ dims: [, channels, frames, width], data }) =>
    Array.from({ length: channels * width }, (_, i) => {
      const [channel, band] = [Math.floor(i / width), i % width];
      const at = (t: number) => (data as Float32Array)[(channel * frames + t) * width + band];
      const values = Array.from({ length: frames }, (_, t) => at(t));
      const mean = values.reduce((a, b) => a + b) / frames;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / frames;
      return { mean: Math.sign(mean) * Math.sqrt(Math.abs(mean)), deviation: variance ** 0.25 };
    }),
  );
  return [...columns.map(({ mean }) => mean), ...columns.map(({ deviation }) => deviation)];
}

const asPublished = async () => readSpeechEmbedding(await write('published.onnx', published));
const asItShips = async () => {
  const { signal } = new AbortController();
  const heard = new AudiosetMel().extract(samples, { from: 0, to: WINDOW_ROWS });
  return quantizeSpeech(await asPublished(), [[heard]], { workers: 1, signal });
};
const withRoom = async () => {
  const { peaks } = await asItShips();
  return new QuantizedSpeechEmbedding(
    await asPublished(),
    peaks.map((peak) => 1.5 * peak),
  );
};

describe.each([
  { arithmetic: 'as published', read: asPublished, loses: 1e-3 },
  { arithmetic: 'in integers', read: asItShips, loses: 0.05 },
  { arithmetic: 'in integers that clip nothing', read: withRoom, loses: 5e-3 },
])('the speech embedding $arithmetic', ({ read, loses }) => {
  let network: PublishedNetwork;
  let model: Uint8Array;
  let session: InferenceSession;

  beforeAll(async () => {
    network = await read();
    const graph = new GraphBuilder('speech');
    const activations = network.append(graph, appendWindows(graph), graphOperators(graph));
    graph.output(activations, 'activations', ['n', network.activations]);
    model = graph.toBytes();
    session = await InferenceSession.create(model);
  });

  test('has no constant that nothing reads, of which onnxruntime would warn', () => {
    const { initializer = [], node = [] } = fromBinary(ModelProtoSchema, model).graph ?? {};
    const read = new Set(node.flatMap(({ input }) => input));
    expect(initializer.map(({ name }) => name).filter((name) => !read.has(name))).toEqual([]);
  });

  test('hears what the published network hears, in our own spectrogram', async () => {
    const reference = await InferenceSession.create(published);
    const mel = new Tensor('float32', expectedMel(), [1, 1, WINDOW_ROWS, BANDS]);
    const maps = await reference.run({ x: mel });
    const expected = described(reference.outputNames.map((name) => maps[name]));

    const ours = new AudiosetMel().extract(samples, { from: 0, to: WINDOW_ROWS });
    const said = await session.run(feedsOf([ours]));
    const actual = said.activations.data as Float32Array;

    expect(actual).toHaveLength(network.activations);
    expect(expected).toHaveLength(network.activations);
    const mean = expected.reduce((a, b) => a + b) / expected.length;
    const squares = (of: (value: number, i: number) => number) =>
      expected.reduce((sum, value, i) => sum + of(value, i) ** 2, 0);
    const error = squares((value, i) => actual[i] - value) / squares((value) => value - mean);
    expect(error).toBeLessThan(loses);
  });

  test('hears windows that overlap as it hears each alone', async () => {
    const starts = [0, 64, 136];
    const rows = WINDOW_ROWS + 136;
    const mel = new AudiosetMel().extract(samples, { from: 0, to: rows });
    const together = await session.run({
      mel: new Tensor('float32', mel, [rows, bands]),
      starts: new Tensor('float32', Float32Array.from(starts), [starts.length]),
    });
    const all = together.activations.data as Float32Array;
    for (const [i, from] of starts.entries()) {
      const window = mel.subarray(from * bands, (from + WINDOW_ROWS) * bands);
      const { activations } = await session.run(feedsOf([window]));
      const alone = activations.data as Float32Array;
      const ours = all.subarray(i * network.activations, (i + 1) * network.activations);
      const squares = (of: (value: number, k: number) => number) =>
        alone.reduce((sum, value, k) => sum + of(value, k) ** 2, 0);
      // Where next to nothing varies, the root of the root of a rounding error is left.
      const error = squares((value, k) => ours[k] - value) / squares((value) => value);
      expect(error).toBeLessThan(1e-4);
    }
  });
});

test('has no weights that an old processor would add up wrongly', async () => {
  const graph = new GraphBuilder('speech');
  (await asItShips()).append(graph, appendWindows(graph));
  const { initializer = [] } = fromBinary(ModelProtoSchema, graph.toBytes()).graph ?? {};
  const weights = initializer.flatMap(({ dataType, rawData }) =>
    dataType === DataType.INT8 ? [...new Int8Array(rawData.slice().buffer)] : [],
  );
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  // Two products of an unsigned byte and a weight are added in 16 bits.
  expect(2 * 255 * largest).toBeLessThan(2 ** 15);
  expect(largest).toBeGreaterThan(0);
});

test('says which file it needs', async () => {
  const needed = /Needed is embedding_model\.onnx of openWakeWord/;
  const failure = (path: string) =>
    readSpeechEmbedding(path).then(
      () => null,
      ({ code, message }) => ({ code, message }),
    );
  const of = async (name: string, bytes: Uint8Array) => failure(await write(name, bytes));
  const other = new GraphBuilder('other');
  const x = other.input('x', ['n', 2]);
  other.output(other.node('Mul', [x, other.scalar(2)]), 'y', ['n', 2]);
  expect(await failure(join(folder, 'nothing.onnx'))).toEqual({
    code: 'not-found',
    message: expect.stringMatching(needed),
  });
  for (const [name, bytes] of [
    ['text.onnx', Buffer.from('Dear diary')],
    ['empty.onnx', Buffer.alloc(0)],
    ['half.onnx', published.subarray(0, published.length / 2)],
  ] as const) {
    expect(await of(name, bytes)).toEqual({
      code: 'audio-unreadable',
      message: expect.stringMatching(/is no file of weights, or it is damaged\. Needed is/),
    });
  }
  expect(await of('other.onnx', other.toBytes())).toEqual({
    code: 'model-invalid',
    message: expect.stringMatching(
      /^These are the weights of another network: model\/conv2d\/Conv2D_weights_fused_bn, of 216 numbers, is missing\./,
    ),
  });
});
