import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyze, MEL_ROWS } from '../../../core/analyze.ts';
import { AUDIOSET_MEL, FEATURE_CONFIG } from '../../../core/features/config.ts';
import { functionals } from '../../../core/features/functionals.ts';
import type { ModelCard } from '../../../core/model/card.ts';
import { EMOTIONS } from '../../../core/model/emotions.ts';
import {
  CARD_FILE,
  findModelFolder,
  loadModel,
  MODEL_FILE,
  readCard,
} from '../../../core/model/folder.ts';
import { modelInput, stretchesOf, windowSizeOf } from '../../../core/model/input.ts';
import { windowRanges } from '../../../core/windows.ts';
import { GraphBuilder, type Shape } from '../../../training/onnx/graph.ts';
import { voiceLike } from '../../fixtures/audio.ts';
import { writeTinyModel } from '../../fixtures/model.ts';

let folder: string;
let card: ModelCard;

beforeAll(async () => {
  folder = await writeTinyModel();
  card = JSON.parse(await readFile(join(folder, CARD_FILE), 'utf8'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes a graph that gives each window the numbers it is fed, and a card that claims something about it. */
async function written(graph: GraphBuilder, claims: Partial<ModelCard> = {}): Promise<string> {
  const bytes = graph.toBytes();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(folder, MODEL_FILE), bytes);
  await writeFile(join(folder, CARD_FILE), JSON.stringify({ ...card, sha256, ...claims }));
  return folder;
}

/** A graph whose inputs have these shapes, and whose outputs are those inputs. */
function echo(
  inputs: Record<string, Shape>,
  outputs: Record<string, [from: string, shape: Shape]>,
) {
  const graph = new GraphBuilder('echo');
  for (const [name, shape] of Object.entries(inputs)) graph.input(name, shape);
  for (const [name, [from, shape]] of Object.entries(outputs))
    graph.output(graph.node('Identity', [from]), name, shape);
  return graph;
}

const eight: ModelCard['inputs'] = [{ name: 'x', kind: 'functionals', shape: [8] }];
const p = { name: 'p' };

describe('a graph', () => {
  const plain = () => echo({ x: ['n', 8] }, { p: ['x', ['n', 8]], v: ['x', ['n', 8]] });

  test.each<[string, GraphBuilder, Partial<ModelCard>]>([
    ['has the tensors of the card', plain(), { inputs: eight, output: p }],
    [
      'leaves a dimension open',
      echo({ x: ['n', 'm'] }, { p: ['x', ['n', 'm']] }),
      { inputs: eight, output: p },
    ],
  ])('that %s is taken', async (_, graph, claims) => {
    expect((await loadModel(await written(graph, claims))).card.output).toEqual(p);
  });

  test.each<[string, GraphBuilder, Partial<ModelCard>]>([
    [
      'takes another input as well',
      echo({ x: ['n', 8], y: ['n', 8] }, { p: ['x', ['n', 8]], q: ['y', ['n', 8]] }),
      { inputs: eight, output: p },
    ],
    [
      'lacks one of two inputs',
      plain(),
      { inputs: [...eight, { ...eight[0], name: 'y' }], output: p },
    ],
    ['names its input otherwise', plain(), { inputs: [{ ...eight[0], name: 'y' }], output: p }],
    [
      'takes rows of another length',
      echo({ x: ['n', 9] }, { p: ['x', ['n', 8]] }),
      { inputs: eight, output: p },
    ],
    ['names its output otherwise', plain(), { inputs: eight, output: { name: 'q' } }],
    [
      'gives rows of another length',
      echo({ x: ['n', 8], w: ['n', 7] }, { p: ['w', ['n', 7]] }),
      { inputs: [...eight, { name: 'w', kind: 'functionals', shape: [7] }], output: p },
    ],
    [
      'does not tell voices',
      plain(),
      { inputs: eight, output: p, voice: { name: 'w', threshold: 0.5 } },
    ],
    [
      'tells them in rows',
      plain(),
      { inputs: eight, output: p, voice: { name: 'v', threshold: 0.5 } },
    ],
  ])('that %s is refused', async (_, graph, claims) => {
    await expect(loadModel(await written(graph, claims))).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('other tensors than its card says'),
    });
  });

  test('is fed every window, however many, and its rows are brought to a sum of 1', async () => {
    const speech = analyze(voiceLike({ seconds: 21 }))!;
    const windows = windowRanges(speech.frames, FEATURE_CONFIG.functionalsWindow);
    expect(windows.length).toBeGreaterThan(8);
    const rows = windows.map((window) => functionals(speech, window));
    const graph = new GraphBuilder('first');
    const x = graph.input('x', ['n', rows[0].length]);
    const first = graph.node('Slice', [x, ...[0, 8, 1].map((value) => graph.integers([value]))]);
    graph.output(graph.node('Abs', [first]), 'p', ['n', 8]);
    const thousandth = graph.node('Mul', [graph.input('y', ['n']), graph.scalar(1e-3)]);
    graph.output(thousandth, 'v', ['n']);
    const inputs: ModelCard['inputs'] = [
      { name: 'x', kind: 'functionals', shape: [rows[0].length] },
      { name: 'y', kind: 'starts', shape: [] },
    ];
    // Between the second and the third window of a call: 200 and 400 rows from its first.
    const voice = { name: 'v', threshold: 0.3 };
    const model = await loadModel(await written(graph, { inputs, output: p, voice }));
    const predictions = await model.predict(speech, windows);
    expect(predictions).toHaveLength(windows.length);
    const isThirdOrFourth = (_: unknown, i: number) => i % 4 >= 2;
    expect(predictions.slice(0, 8).map(({ isVoice }) => isVoice)).toEqual(
      predictions.slice(0, 8).map(isThirdOrFourth),
    );
    predictions.forEach(({ probabilities }, i) => {
      const expected = rows[i].slice(0, 8).map(Math.abs);
      const sum = expected.reduce((a, b) => a + b);
      expect(probabilities).toHaveLength(8);
      probabilities.forEach((value, k) => {
        expect(value).toBeCloseTo(expected[k] / sum, 5);
      });
    });
  });

  test('that does not tell voices takes everything for one', async () => {
    const graph = new GraphBuilder('alike');
    const column = graph.node('Unsqueeze', [graph.input('y', ['n']), graph.integers([1])]);
    const eightRows = graph.node('Add', [column, graph.constant([8], new Float32Array(8).fill(1))]);
    graph.output(eightRows, 'p', ['n', 8]);
    const inputs: ModelCard['inputs'] = [{ name: 'y', kind: 'starts', shape: [] }];
    const model = await loadModel(await written(graph, { inputs, output: p }));
    const windows = [0, 64].map((from) => ({ from, to: from + 128 }));
    expect(await model.predict(analyze(voiceLike({ seconds: 5 }))!, windows)).toEqual(
      windows.map(() => ({ probabilities: new Float64Array(8).fill(1 / 8), isVoice: true })),
    );
  });
});

describe('a card', () => {
  const { version: _, ...fewer } = FEATURE_CONFIG;
  test.each<[string, object, boolean]>([
    ['in another order', Object.fromEntries(Object.entries(FEATURE_CONFIG).reverse()), true],
    ['with one missing', fewer, false],
    ['with one more', { ...FEATURE_CONFIG, more: 1 }, false],
    [
      'with another number inside',
      { ...FEATURE_CONFIG, framing: { nFft: 512, hopLength: 320 } },
      false,
    ],
    ['with a list in place of an object', { ...FEATURE_CONFIG, framing: [] }, false],
    ['with nothing in place of an object', { ...FEATURE_CONFIG, framing: null }, false],
  ])('whose features are those of this version, %s, is taken: %#', async (_, features, isTaken) => {
    const claims = { inputs: eight, output: p, features } as Partial<ModelCard>;
    const graph = echo({ x: ['n', 8] }, { p: ['x', ['n', 8]] });
    const loading = loadModel(await written(graph, claims));
    if (isTaken) await loading;
    else await expect(loading).rejects.toMatchObject({ code: 'model-invalid' });
  });
});

describe('a model that cannot be served says why, what to do, and what was thrown', () => {
  const help = 'Use the model folder of this version, or train one with "npm run train".';
  const claims = { inputs: eight, output: p };
  const plain = () => echo({ x: ['n', 8] }, { p: ['x', ['n', 8]] });
  const path = (name: string) => join(folder, name);

  test.each<[string, () => Promise<unknown>, (name: typeof path) => string, boolean]>([
    [
      'without a card',
      () => rm(path(CARD_FILE)),
      (at) => `${at(CARD_FILE)} cannot be read (ENOENT).`,
      true,
    ],
    [
      'with another text as its card',
      () => writeFile(path(CARD_FILE), '{}'),
      (at) => `${at(CARD_FILE)} is not a model card.`,
      true,
    ],
    [
      'of other features',
      () => written(plain(), { ...claims, features: {} }),
      (at) =>
        `The model of ${at(CARD_FILE)} was trained on features of another configuration than this version computes, so its answers would be wrong.`,
      false,
    ],
    [
      'of another order',
      () => written(plain(), { ...claims, classes: EMOTIONS.toReversed() }),
      (at) => `The model of ${at(CARD_FILE)} has its classes in another order.`,
      false,
    ],
    [
      'without a graph',
      () => rm(path(MODEL_FILE)),
      (at) => `${at(MODEL_FILE)} cannot be read (ENOENT).`,
      true,
    ],
    [
      'with another graph',
      () => written(plain(), { ...claims, sha256: '0'.repeat(64) }),
      (at) => `${at(MODEL_FILE)} is not the file that its card describes.`,
      false,
    ],
    [
      'with a text as its graph',
      async () => {
        const sha256 = createHash('sha256').update('text').digest('hex');
        await written(plain(), { ...claims, sha256 });
        await writeFile(path(MODEL_FILE), 'text');
      },
      (at) => `${at(MODEL_FILE)} cannot be loaded.`,
      true,
    ],
  ])('%s', async (_, spoil, sentence, isThrown) => {
    await written(plain(), claims);
    await spoil();
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'model-invalid',
      message: `${sentence(path)} ${help}`,
      cause: isThrown ? expect.any(Error) : undefined,
    });
  });

  test('although its card can be read without its graph', async () => {
    await written(plain(), { ...claims, name: 'Überprüft' });
    await rm(path(MODEL_FILE));
    expect((await readCard(folder)).name).toBe('Überprüft');
  });
});

test('the model to serve is the one that UNDERTONE_MODEL names, else the one above the code', () => {
  expect(findModelFolder({ UNDERTONE_MODEL: '/somewhere/else' })).toBe('/somewhere/else');
  for (const environment of [{}, { UNDERTONE_MODEL: '' }]) {
    expect(findModelFolder(environment)).toBe(join(import.meta.dirname, '../../../model'));
  }
});

describe('the spectrogram', () => {
  const { bands } = AUDIOSET_MEL;
  const { frames: size } = FEATURE_CONFIG.networkWindow;
  const rowsOf = (mel: Float32Array, from: number, to: number) =>
    mel.subarray(from * bands, to * bands);

  test.each([
    [40, 40 + size],
    [40, 100],
  ])('of frames %i to %i begins with their rows, and goes on backwards', (from, to) => {
    const analysis = analyze(voiceLike({ seconds: 4 }))!;
    const window = modelInput('mel', analysis, [{ from, to }]);
    expect(window).toHaveLength(size * MEL_ROWS * bands);
    const steps = (to - from) * MEL_ROWS;
    const [first, last] = [from * MEL_ROWS, to * MEL_ROWS];
    expect(rowsOf(window, 0, steps)).toEqual(rowsOf(analysis.mel, first, last));
    if (to - from === size) return;
    expect(rowsOf(window, steps, steps + 1)).toEqual(rowsOf(analysis.mel, last - 2, last - 1));
  });

  test('of windows that overlap goes from the first to the end of the last, and says where they start', () => {
    const analysis = analyze(voiceLike({ seconds: 6 }))!;
    const windows = windowRanges(analysis.frames, FEATURE_CONFIG.networkWindow).slice(1);
    const [first, last] = [windows[0], windows[windows.length - 1]];
    expect(windows.length).toBeGreaterThan(2);
    const stretch = modelInput('mel', analysis, windows);
    const whole = rowsOf(analysis.mel, first.from * MEL_ROWS, (last.from + size) * MEL_ROWS);
    expect(stretch).toEqual(whole);
    const starts = modelInput('starts', analysis, windows);
    windows.forEach((window, i) => {
      const alone = modelInput('mel', analysis, [window]);
      expect(rowsOf(stretch, starts[i], starts[i] + size * MEL_ROWS)).toEqual(alone);
    });
  });

  test('is computed for four windows at once, as long as they overlap', () => {
    const windows = [0, 64, 128, 192, 256, 384, 448].map((from) => ({ from, to: from + size }));
    const stretches = stretchesOf(windows);
    expect(stretches.map((stretch) => stretch.map(({ from }) => from))).toEqual([
      [0, 64, 128, 192],
      [256],
      [384, 448],
    ]);
    expect(stretchesOf([])).toEqual([]);
  });

  test('decides how long windows are where a model looks at it', () => {
    const { networkWindow, functionalsWindow } = FEATURE_CONFIG;
    expect(windowSizeOf(['mel'])).toBe(networkWindow);
    expect(windowSizeOf(['functionals', 'mel'])).toBe(networkWindow);
    expect(windowSizeOf(['functionals'])).toBe(functionalsWindow);
  });
});

describe('functionals', () => {
  const analysis = analyze(voiceLike({ seconds: 12 }))!;
  const { frames } = analysis;
  const { frames: size } = FEATURE_CONFIG.functionalsWindow;

  test.each<[string, number, number, number, number]>([
    ['a short window are those of what is around it', 300, 428, 264, 464],
    ['one at the start are those of the start', 0, 128, 0, size],
    ['one at the end are those of the end', frames - 128, frames, frames - size, frames],
    ['a longer window are its own', 100, 400, 100, 400],
    ['everything are its own', 0, frames, 0, frames],
  ])('of %s', (_, from, to, start, end) => {
    const row = modelInput('functionals', analysis, [{ from, to }]);
    expect(row).toEqual(functionals(analysis, { from: start, to: end }));
    expect(row).not.toEqual(functionals(analysis, { from: start + 1, to: end }));
  });

  test('of a recording shorter than that are those of all of it', () => {
    const short = analyze(voiceLike({ seconds: 2 }))!;
    const row = modelInput('functionals', short, [{ from: 10, to: 60 }]);
    expect(row).toEqual(functionals(short, { from: 0, to: short.frames }));
  });
});
