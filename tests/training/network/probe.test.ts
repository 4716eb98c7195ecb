import { beforeAll, expect, test } from 'vitest';
import { AUDIOSET_MEL } from '../../../core/features/config.ts';
import { EMOTION_COUNT, EMOTIONS } from '../../../core/model/emotions.ts';
import { argmaxRows, rowOf } from '../../../evaluation/matrix.ts';
import type { Selection } from '../../../training/network/activations.ts';
import { type NetworkWeights, VOICE_CLASSES } from '../../../training/network/architecture.ts';
import { Discriminants } from '../../../training/network/discriminant.ts';
import { EMBEDDING } from '../../../training/network/inference.ts';
import { predictClips } from '../../../training/network/predict.ts';
import type { PreparedCorpus } from '../../../training/network/prepare.ts';
import { AudiosetNetwork, type Probe } from '../../../training/network/probe.ts';
import { STEPS_PER_UNIT } from '../../../training/network/spectrogram-task.ts';
import { createRandom } from '../../../training/random.ts';
import { progressOn } from '../../../training/terminal.ts';
import { randomTensors } from '../../fixtures/mobilenet.ts';

const { bands } = AUDIOSET_MEL;
const ROWS = 128;
const [NEUTRAL, HAPPY, SAD] = ['neutral', 'happy', 'sad'].map((e) => EMOTIONS.indexOf(e as never));
/** Where the energy of each class lies, in bands. */
const PLACE: Readonly<Record<number, number>> = { [NEUTRAL]: 20, [HAPPY]: 50, [SAD]: 80 };

/**
 * A corpus whose microphone colours everything far more than emotions do: clips of some classes, in
 * turn, with a slope of their own over the bands.
 */
function corpusOf(name: string, slope: number, classes: readonly number[], clips = 24): Selection {
  const random = createRandom(name.length, clips);
  const labels = Int32Array.from({ length: clips }, (_, i) => classes[i % classes.length]);
  const area = ROWS * bands;
  const data = new Int16Array(clips * area);
  labels.forEach((label, clip) => {
    for (let i = 0; i < area; i++) {
      const band = i % bands;
      const bump = Math.exp(-(((band - PLACE[label]) / 8) ** 2));
      const value = slope * (band / bands - 0.5) + 0.5 * bump + 0.2 * random.normal();
      data[clip * area + i] = Math.round(value * STEPS_PER_UNIT);
    }
  });
  const corpus = {
    corpus: { name, isPlainSpeech: classes.length === 1 },
    labels,
    spectrograms: {
      renderings: 1,
      data,
      offsets: Float64Array.from({ length: clips + 1 }, (_, i) => i * area),
    },
  } as unknown as PreparedCorpus;
  const rows = Int32Array.from(labels.keys());
  return { corpus, rows, weights: new Float32Array(clips).fill(1) };
}

const groupOf = ({ corpus, rows }: Selection, takes = (_: number) => true) => ({
  corpus: corpus.corpus.name,
  rows: rows.filter(takes),
  count: 4,
});
const network = new AudiosetNetwork(randomTensors(createRandom(3)));
const stop = new AbortController();
const read = (...selections: Selection[]) =>
  Discriminants.read(network, selections, {
    workers: 1,
    signal: stop.signal,
    progress: progressOn(process.stderr),
  });

const first = corpusOf('first', 0.4, [NEUTRAL, HAPPY, SAD]);
const second = corpusOf('second', -0.5, [NEUTRAL, HAPPY, SAD]);
const plain = corpusOf('plain', 0.5, [NEUTRAL]);
const stranger = corpusOf('stranger', -0.1, [NEUTRAL, HAPPY, SAD]);

let discriminants: Discriminants;
let probe: Probe;

beforeAll(async () => {
  discriminants = await read(first, second, plain);
  probe = await discriminants.fit({
    groups: [first, second, plain].map((corpus) => groupOf(corpus)),
  });
  return () => discriminants.close();
});

/** A network to which every emotion is as likely. */
function indifferent(): NetworkWeights {
  const linear = (outputs: number, inputs: number) => ({
    weight: new Float32Array(outputs * inputs),
    bias: new Float32Array(outputs),
  });
  return {
    ...network,
    classes: EMOTION_COUNT,
    attention: new Float32Array(EMBEDDING),
    emotion: linear(EMOTION_COUNT, 2 * EMBEDDING),
    voice: linear(VOICE_CLASSES, EMBEDDING),
  };
}

/** What a probe and a network without an opinion say of the clips of a corpus. */
async function say(of: Probe, { corpus }: Selection) {
  const rows = Array.from(corpus.labels.keys());
  const ensemble = { networks: [indifferent()], probes: [of] };
  return (await predictClips(ensemble, corpus.spectrograms, rows)).emotions;
}

test('a probe tells emotions in a corpus whose microphone it never heard', async () => {
  const told = argmaxRows(await say(probe, stranger));
  const right = told.filter((k, i) => k === stranger.corpus.labels[i]);
  expect(right.length / told.length).toBeGreaterThan(0.9);
});

test('emotions that nothing was learned of are never told', async () => {
  const told = await say(probe, stranger);
  for (const emotion of ['calm', 'angry', 'surprised'] as const) {
    for (let i = 0; i < told.rows; i++) {
      expect(rowOf(told, i)[EMOTIONS.indexOf(emotion)]).toBeCloseTo(0.5 / EMOTION_COUNT, 5);
    }
  }
});

/** The same clips, of which some sound otherwise. */
function withChanged(
  { corpus, ...rest }: Selection,
  isChanged: (row: number) => boolean,
): Selection {
  const { data, offsets } = corpus.spectrograms;
  const changed = data.map((value, i) => (isChanged(Math.floor(i / offsets[1])) ? -value : value));
  const spectrograms = { ...corpus.spectrograms, data: changed };
  return { ...rest, corpus: { ...corpus, spectrograms } };
}

test('a fit learns only from the clips that it takes', async () => {
  const isOdd = (row: number) => row % 2 === 1;
  const half = { groups: [groupOf(second, isOdd)] };
  const { weight } = await discriminants.fit(half);
  const other = await read(withChanged(second, (row) => !isOdd(row)));
  try {
    expect((await other.fit(half)).weight).toEqual(weight);
    const difference = (await other.fit({ groups: [groupOf(second)] })).weight.map(
      (w, i) => w - weight[i],
    );
    expect(Math.max(...difference)).toBeGreaterThan(0.01);
  } finally {
    await other.close();
  }
});

test('a clip that counts for nothing changes nothing', async () => {
  const isLast = (row: number) => row === 23;
  const weights = Float32Array.from(second.rows, (row) => (isLast(row) ? 0 : 1));
  const weighed = await read({ ...second, weights });
  try {
    const all = await weighed.fit({ groups: [groupOf(second)] });
    const { weight } = await discriminants.fit({
      groups: [groupOf(second, (row) => !isLast(row))],
    });
    const differences = all.weight.map((w, i) => Math.abs(w - weight[i]));
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  } finally {
    await weighed.close();
  }
});

test('a fit can be stopped', async () => {
  stop.abort(new Error('enough'));
  await expect(discriminants.fit({ groups: [groupOf(first)] })).rejects.toThrow('enough');
});
