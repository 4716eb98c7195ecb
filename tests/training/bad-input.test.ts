import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EMOTIONS } from '../../core/model/emotions.ts';
import type { Results } from '../../training/baselines/results.ts';
import { silence, wavFile } from '../fixtures/audio.ts';
import { clipPath, writeCorpus } from '../fixtures/corpus.ts';
import { encode, hasFfmpeg } from '../fixtures/encode.ts';
import { foldersOf, startTraining, trainIn } from './baselines/run-train.ts';

const QUICK = ['--quick', '--families', 'forest', '--workers', '1'];
const TINY = { actors: [1, 2], takes: 1, isSung: false } as const;

let folder: string;
/** A run on the tiny corpus without any of the troubles below. */
let untroubled: Results;
let refusals = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-train-'));
  await writeCorpus(join(folder, 'tiny'), TINY);
  untroubled = (await trainIn(folder, 'untroubled', ['--data', 'tiny', ...QUICK])).results;
});

afterAll(() => rm(folder, { recursive: true }));

/** Expects a run to end with status 1 and a sentence, and the model of before to be as it was. */
async function expectRefusal(args: readonly string[], ...sentence: (string | RegExp)[]) {
  const run = `refused-${++refusals}`;
  const model = join(folder, run, 'model');
  await mkdir(model, { recursive: true });
  await writeFile(join(model, 'emotion.onnx'), 'the graph of before');
  await writeFile(join(model, 'emotion.json'), 'the card of before');
  const { code, out, err } = await startTraining(folder, [...foldersOf(run), ...args]).finished;
  for (const part of sentence) expect(err).toMatch(part);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  // No stack: it is no defect of the program.
  expect(err).not.toMatch(/^\s+at /m);
  expect((await readdir(model)).sort()).toEqual(['emotion.json', 'emotion.onnx']);
  expect(await readFile(join(model, 'emotion.onnx'), 'utf8')).toBe('the graph of before');
  expect(await readFile(join(model, 'emotion.json'), 'utf8')).toBe('the card of before');
  return err;
}

test('refuses options that mean nothing', async () => {
  await Promise.all([
    expectRefusal(QUICK, '--data <folder>'),
    expectRefusal(
      ['--data', 'tiny', '--families', 'forest,svm'],
      '"svm" is not one of forest, boost',
    ),
    expectRefusal(['--data', 'tiny', '--workers', '0'], '--workers', 'whole number of at least 1'),
  ]);
});

test('refuses folders without recordings of RAVDESS', async () => {
  await mkdir(join(folder, 'empty'));
  await mkdir(join(folder, 'others'));
  await writeFile(join(folder, 'others/holiday.wav'), wavFile(silence({ seconds: 1 })));
  await writeFile(join(folder, 'others/notes.txt'), 'none');
  const noneBelow = (name: string, count: number) =>
    `No RAVDESS recordings were found below ${name} (${count} other files).`;
  await Promise.all([
    expectRefusal(['--data', 'nowhere', ...QUICK], 'The folder nowhere cannot be read.'),
    expectRefusal(['--data', 'others/notes.txt', ...QUICK], 'notes.txt cannot be read.'),
    expectRefusal(['--data', 'empty', ...QUICK], noneBelow('empty', 0)),
    expectRefusal(['--data', 'others', ...QUICK], noneBelow('others', 2)),
  ]);
});

test('refuses a corpus that lacks an emotion or a second speaker', async () => {
  const emotions = EMOTIONS.filter((emotion) => emotion !== 'disgust');
  await writeCorpus(join(folder, 'undisgusted'), { ...TINY, emotions });
  await writeCorpus(join(folder, 'alone'), { ...TINY, actors: [1] });
  // The other actor sings only, and strangers are judged by speech.
  await writeCorpus(join(folder, 'singing'), { ...TINY, actors: [1] });
  await writeCorpus(join(folder, 'singing'), { actors: [2], takes: 0, isSung: true });
  const lacks = 'there is no usable recording of disgust';
  const alone = 'only one actor speaks, so there is nobody to test on';
  await Promise.all([
    expectRefusal(['--data', 'undisgusted', ...QUICK], lacks, 'disgust 0, surprised 2'),
    expectRefusal(['--data', 'alone', ...QUICK], alone, '1 speaking actors'),
    expectRefusal(['--data', 'singing', ...QUICK], alone),
  ]);
});

test('says why when no recording is usable', async () => {
  for (const path of await writeCorpus(join(folder, 'broken'), TINY)) await truncate(path, 20);
  await expectRefusal(
    ['--data', 'broken', ...QUICK],
    'there is no usable recording of neutral, calm, happy, sad, angry, fearful, disgust, surprised',
    /16 recordings excluded, the first, 03-01-01-01-01-01-01, because: \S+/,
  );
});

test('finds out before it reads anything that it could not write', async () => {
  await writeFile(join(folder, 'file'), '');
  const refused = ['--out', '--report', '--work'].map(async (option) => {
    const err = await expectRefusal(
      ['--data', 'tiny', ...QUICK, option, 'file/below'],
      `Cannot write to the folder file/below (ENOTDIR). Check its permissions, or choose another folder with ${option}.`,
    );
    expect(err).not.toContain('Reading recordings');
  });
  await Promise.all(refused);
});

test('leaves unreadable and silent clips out, names them, and learns from the rest', async () => {
  const data = join(folder, 'spoiled');
  await writeCorpus(data, TINY);
  const spoil = (take: number) =>
    join(data, clipPath({ actor: 1, emotion: 'happy', take, channel: 1 }));
  await writeFile(spoil(1), 'This is no recording.');
  await writeFile(spoil(2), wavFile(silence({ seconds: 1 })));
  await writeFile(spoil(3), '');
  const cut = join(data, clipPath({ actor: 2, emotion: 'happy', take: 1, channel: 1 }));
  await copyFile(join(data, clipPath({ actor: 2, emotion: 'happy', take: 0, channel: 1 })), cut);
  await truncate(cut, 30);
  const tooLarge = join(data, clipPath({ actor: 2, emotion: 'happy', take: 2, channel: 1 }));
  await writeFile(tooLarge, '');
  // More than Node reads at once; it takes no room on the disk.
  await truncate(tooLarge, 3 * 2 ** 30);

  const { out, results } = await trainIn(folder, 'spoiled-run', ['--data', 'spoiled', ...QUICK]);
  const spoiled = [spoil(1), spoil(2), spoil(3), cut, tooLarge].map((path) =>
    basename(path, '.wav'),
  );
  expect(results.data.excluded.map(({ id }) => id).sort()).toEqual(spoiled.sort());
  for (const { id, reason } of results.data.excluded) {
    expect(reason).not.toContain('on our side');
    expect(out).toContain(`excluded: ${id}, ${reason}`);
  }
  expectSameFigures(results);
});

test('counts every recording once, whatever its copies are called', async () => {
  const data = join(folder, 'twins');
  const paths = await writeCorpus(data, TINY);
  await mkdir(join(data, 'backup'));
  for (const path of paths) {
    const name = basename(path);
    // The same take under the name of the second repetition, and once more in another folder.
    await copyFile(path, join(data, 'backup', name.replace(/-01-(\d\d)\.wav$/, '-02-$1.wav')));
    await copyFile(path, join(data, 'backup', name.replace('.wav', '.WAV')));
  }
  const { results } = await trainIn(folder, 'twins-run', ['--data', 'twins', ...QUICK]);
  expect(results.data.excluded).toHaveLength(2 * paths.length);
  for (const { reason } of results.data.excluded) {
    expect(reason).toMatch(/^same recording as Audio_Speech_Actors_01-24\/Actor_0\d\/03-01-/);
  }
  expectSameFigures(results);
});

test.runIf(hasFfmpeg)('counts a recording once that is there in several formats', async () => {
  const data = join(folder, 'formats');
  const paths = await writeCorpus(data, TINY);
  for (const path of paths.slice(0, 2)) {
    const wav = await readFile(path);
    await writeFile(path.replace('.wav', '.flac'), encode(wav, 'flac'));
    await writeFile(path.replace('.wav', '.ogg'), encode(wav, 'ogg', ['-c:a', 'libopus']));
  }
  const { results } = await trainIn(folder, 'formats-run', ['--data', 'formats', ...QUICK]);
  expect(results.data.excluded.map(({ reason }) => reason.replace(/ as .*/, '')).sort()).toEqual([
    ...['same name', 'same name', 'same recording', 'same recording'],
  ]);
  expectSameFigures(results);
});

test('believes neither of two labels of one recording', async () => {
  const data = join(folder, 'doubted');
  await writeCorpus(data, TINY);
  const happy = clipPath({ actor: 1, emotion: 'happy', take: 1, channel: 1 });
  const sad = clipPath({ actor: 1, emotion: 'sad', take: 1, channel: 1 });
  await writeFile(join(data, happy), wavFile(silence({ seconds: 1 })));
  const other = join(folder, 'tiny', clipPath({ actor: 1, emotion: 'calm', take: 0, channel: 1 }));
  await copyFile(other, join(data, happy));
  await copyFile(other, join(data, sad));
  await rm(join(data, clipPath({ actor: 1, emotion: 'calm', take: 0, channel: 1 })));
  const { results } = await trainIn(folder, 'doubted-run', ['--data', 'doubted', ...QUICK]);
  expect(results.data.excluded).toEqual([
    { id: basename(happy, '.wav'), reason: `same recording as ${sad} under another label` },
    { id: basename(sad, '.wav'), reason: `same recording as ${happy} under another label` },
  ]);
});

test('trains every family where an actor has one emotion and a class one recording', async () => {
  const data = join(folder, 'sparse');
  await writeCorpus(data, { ...TINY, actors: [1] });
  await writeCorpus(data, { ...TINY, actors: [2], emotions: ['surprised'] });
  const { results } = await trainIn(folder, 'sparse-run', ['--data', 'sparse', '--quick']);
  expect(results.data.clips).toBe(9);
  for (const { unseen, seed } of results.candidates) {
    expect(unseen.speech?.clips).toBe(9);
    expect(unseen.folds.map(({ scores }) => scores.clips)).toEqual([8, 1]);
    for (const { scores } of [seed, ...unseen.folds]) {
      expect(scores.unweightedAverageRecall).toBeGreaterThanOrEqual(0);
      expect(scores.unweightedAverageRecall).toBeLessThanOrEqual(1);
    }
  }
});

function expectSameFigures(results: Results): void {
  expect(results.data.clips).toBe(untroubled.data.clips);
  expect(results.candidates).toEqual(untroubled.candidates);
  expect(results.calibration).toEqual(untroubled.calibration);
  expect(results.final).toEqual(untroubled.final);
}
