import { spawnSync } from 'node:child_process';
import { copyFile, link, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probabilitiesOf } from '../../cli/evaluate/answers.ts';
import {
  cardSchema,
  classify,
  EMOTIONS,
  loadModel,
  type Probabilities,
  type SpeechWindows,
  type Verdict,
} from '../../core/index.ts';
import { ROOT } from '../../lib/root.ts';
import { joined, silence, wavFile, whiteNoise } from '../fixtures/audio.ts';
import { PITCHES, type PitchedEmotion, voiceOf, writePitchModel } from '../fixtures/pitch-model.ts';
import { run } from '../fixtures/run.ts';

const KNOWN = Object.keys(PITCHES) as PitchedEmotion[];
const EACH = 22;

let folder: string;
/** Follows the pitch, and is about 95% sure of it. */
let model: string;
/** 66 short notes and a long one in one folder an emotion, named by what the voice is. */
let notes: string;
/** The same, by six speakers; three labels in ten are not what the voice is. */
let doubtful: string;
const undertone = (command: string, ...options: string[]) =>
  run('cli/main.js', [command, ...options, '--model', model]);
const report = (name: string) => ['--report', join(folder, name)];
const csv = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
/** A folder of one note in each folder named. */
const folderOf = async (...names: string[]) => {
  const at = await mkdtemp(join(folder, 'labelled-'));
  for (const name of names) {
    await mkdir(join(at, name), { recursive: true });
    await copyFile(join(notes, 'sad', '1.wav'), join(at, name, 'note.wav'));
  }
  return at;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-evaluate-'));
  model = await writePitchModel();
  notes = join(folder, 'notes');
  const rows = ['file,label,speaker'];
  for (const emotion of KNOWN) {
    await mkdir(join(notes, emotion), { recursive: true });
    for (let i = 0; i < EACH; i++) {
      const voice = voiceOf(emotion, 0.8, i);
      await writeFile(join(notes, emotion, `${i}.wav`), wavFile(voice));
      rows.push(`notes/${emotion}/${i}.wav,${i % 10 < 3 ? 'angry' : emotion},s${i % 6}`);
    }
  }
  const long = joined(voiceOf('sad', 4), silence({ seconds: 1 }), voiceOf('happy', 3));
  await writeFile(join(notes, 'sad', 'long.wav'), wavFile(long));
  doubtful = await csv('doubtful.csv', `${rows.join('\n')}\nnotes/sad/long.wav,sad,s0\n`);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(model, { recursive: true });
});

/** What `classify` says about everything in a folder. */
async function verdicts(at: string, ...options: string[]): Promise<(Verdict & { file: string })[]> {
  return JSON.parse((await run('cli/main.js', ['classify', '--json', at, ...options])).stdout);
}

const best = (probabilities: Probabilities) =>
  EMOTIONS.toSorted((a, b) => probabilities[b] - probabilities[a])[0];

describe('evaluate', () => {
  test('measures what classify says, and counts apart what has no speech or cannot be read', async () => {
    const at = await mkdtemp(join(folder, 'mixed-'));
    for (const [i, emotion] of (['sad', 'sad', 'happy', 'calm'] as const).entries()) {
      // Two of the sad ones are labelled angry, and so missed.
      const label = i < 2 ? 'angry' : emotion;
      await mkdir(join(at, label), { recursive: true });
      await copyFile(join(notes, emotion, `${i}.wav`), join(at, label, `${i}.wav`));
    }
    await copyFile(join(notes, 'happy', '7.wav'), join(at, 'angry', 'wrong.wav'));
    await copyFile(join(notes, 'calm', '7.wav'), join(at, 'calm', '7.wav'));
    await writeFile(join(at, 'calm', 'noise.wav'), wavFile(whiteNoise({ seconds: 2 })));
    await writeFile(join(at, 'happy', 'broken.wav'), 'RIFF....WAVE');
    const { code, stdout, stderr } = await undertone('evaluate', at, '--json', ...report('a.html'));
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/1 of 8 could not be read:\n.*broken\.wav/);
    const figures = JSON.parse(stdout);
    const spoken = (await verdicts(at, '--model', model)).flatMap(
      ({ file, probabilities, ...rest }) =>
        probabilities
          ? [{ label: file.split('/').at(-2), guess: best(probabilities), ...rest }]
          : [],
    );
    const right = spoken.filter(({ label, guess }) => label === guess);
    const answered = spoken.filter(({ emotion }) => emotion !== 'uncertain');
    expect(figures).toMatchObject({
      recordings: 7,
      noSpeech: 1,
      failed: [{ error: { code: 'audio-unreadable' } }],
      accuracy: right.length / spoken.length,
      unweightedAverageRecall: (0 + 1 + 1) / 3,
      perClass: { angry: { recall: 0, support: 3 }, happy: { recall: 1 }, calm: { recall: 1 } },
      coverage: answered.length / 7,
    });
    // Half of the answers are wrong, and all are sure.
    expect(figures.expectedCalibrationError).toBeGreaterThan(0.3);
    expect(figures.warnings.join()).toMatch(
      /Fewer than 20 recordings.*1 of 7 recordings no speech/,
    );
  });

  test('prints a table, and writes one page with pictures', async () => {
    const { code, stdout, stderr } = await undertone('evaluate', notes, ...report('b.html'));
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/67 recordings in .*notes, 0 without speech/);
    expect(stdout).toMatch(/UAR +0\.986/);
    expect(stdout).toMatch(/happy +█+ 100% of 22/);
    expect(stderr).toContain('The report is in');
    const page = await readFile(join(folder, 'b.html'), 'utf8');
    for (const id of ['confusion', 'emotions', 'reliability', 'coverage']) {
      expect(page).toContain(`id="${id}-title"`);
    }
    expect(page).not.toMatch(/<script|src="http/);
  });

  test('takes every name of docs/evaluate.md for its emotion, in CSV of any usual kind', async () => {
    const doc = await readFile(join(ROOT, 'docs', 'evaluate.md'), 'utf8');
    const names = [...doc.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, emotion, others]) => ({
      emotion,
      all: [emotion, ...others.split(', ')],
    }));
    expect(names.map(({ emotion }) => emotion)).toEqual([...EMOTIONS]);
    const rows = await Promise.all(
      names.flatMap(({ all }) =>
        all.map(async (name, i) => {
          await link(join(notes, 'sad', '1.wav'), join(folder, `${name}; ${i}.wav`));
          return `"${name}; ${i}.wav";${i % 2 ? name.toUpperCase() : name.normalize('NFD')}`;
        }),
      ),
    );
    const list = await csv('names.csv', `\ufeffFile;Emotion\r\n${rows.join('\r\n')}\r\n`);
    const { stdout, stderr } = await undertone('evaluate', list, '--json', ...report('c.html'));
    const { perClass } = JSON.parse(stdout || `{"perClass":"${stderr}"}`);
    const counts = EMOTIONS.map((name) => [name, perClass[name].support]);
    expect(counts).toEqual(names.map(({ emotion, all }) => [emotion, all.length]));
  });

  test.each([
    [
      'an unknown folder',
      () => folderOf('happy', 'bored', 'a.b'),
      /"a\.b", "bored" cannot be read as emotions\. Labels are neutral, calm/,
    ],
    [
      'a flat folder',
      () => folderOf('.'),
      /note\.wav has no label\. Put each recording into a folder/,
    ],
    ['an empty folder', () => folderOf(), /No recordings were found in/],
    ['nothing', async () => join(folder, 'nowhere'), /There is no .*nowhere\. Give a folder/],
    [
      'a recording',
      async () => join(notes, 'sad', '1.wav'),
      /is not a CSV file with the columns file and label/,
    ],
    [
      'other columns',
      () => csv('d.csv', 'name,mood\na.wav,sad\n'),
      /is not a CSV file with the columns/,
    ],
    [
      'a row without a label',
      () => csv('e.csv', 'file,label\na.wav\n'),
      /Row 2 of .* has no file or no label/,
    ],
    [
      'a file twice',
      () => csv('f.csv', 'file,label\na.wav,sad\n./a.wav,happy\n'),
      /in row 2 and in row 3/,
    ],
    [
      'missing files',
      () => csv('g.csv', 'file,label\na.wav,sad\n'),
      /1 of 1 could not be read:[\s\S]*1 could not be read\. Nothing can be measured/,
    ],
  ])('%s is one sentence', async (_, make, sentence) => {
    const { code, stdout, stderr } = await undertone('evaluate', await make(), ...report('x.html'));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.skipIf(process.platform !== 'linux')('a report may be a pipe, which stays one', async () => {
    const at = await folderOf('sad');
    const pipe = join(folder, 'pipe');
    spawnSync('mkfifo', [pipe]);
    const [{ code }, html] = await Promise.all([
      undertone('evaluate', at, ...report('pipe')),
      readFile(pipe, 'utf8'),
    ]);
    expect(code).toBe(0);
    expect(html).toMatch(/^<!doctype html>/i);
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });

  test('a report that cannot be written is one sentence', async () => {
    const at = await folderOf('sad');
    const { code, stderr } = await undertone('evaluate', at, ...report('names.csv/report.html'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot write to the folder .*names\.csv .*--report/);
  });
});

describe('calibrate', () => {
  let out: string;
  let figures: {
    temperature: number;
    coverage: number;
    expectedCalibrationError: { before: number; after: number };
  };
  let errors: string;
  beforeAll(async () => {
    out = join(folder, 'calibrated');
    const { code, stdout, stderr } = await undertone('calibrate', doubtful, '--json', '--out', out);
    expect(code, stderr).toBe(0);
    figures = JSON.parse(stdout);
    errors = stderr;
  });

  test('makes confidence match accuracy, measured on speakers that were left out', async () => {
    expect(figures).toMatchObject({ recordings: 67, speakers: 6, protocol: '6 folds by speaker' });
    expect(figures.expectedCalibrationError.before).toBeGreaterThan(0.2);
    expect(figures.expectedCalibrationError.after).toBeLessThan(0.12);
    expect(figures.temperature).toBeGreaterThan(1.2);
    expect(errors).toBe('');
  });

  test('writes a model that says what was fitted, also about a note of several windows', async () => {
    const [before, after] = await Promise.all(
      [model, out].map((each) => verdicts(join(notes, 'sad'), '--model', each)),
    );
    const long = before.findIndex(({ file }) => file.endsWith('long.wav'));
    before.forEach(({ probabilities, model: { sha256 } }, i) => {
      expect(after[i].model.sha256).not.toBe(sha256);
      expect(after[i].confidence).toBeLessThan(before[i].confidence);
      if (i === long) return;
      const powers = EMOTIONS.map(
        (name) => (probabilities![name] + 1e-3) ** (1 / figures.temperature),
      );
      const sum = powers.reduce((a, b) => a + b);
      for (const [k, name] of EMOTIONS.entries()) {
        expect(after[i].probabilities![name]).toBeCloseTo(powers[k] / sum, 4);
      }
    });
    // Fitted were the windows as the graph scales them, not their mean.
    const [trained, calibrated] = await Promise.all([model, out].map(loadModel));
    const bytes = await readFile(before[long].file);
    const windows: SpeechWindows[] = [];
    await classify(bytes, { model: trained, onWindows: (all) => windows.push(all) });
    expect(windows[0].posteriors.length).toBeGreaterThan(3);
    const fitted = probabilitiesOf(windows, figures.temperature);
    const { probabilities } = await classify(bytes, { model: calibrated });
    for (const [k, name] of EMOTIONS.entries()) {
      expect(probabilities?.[name]).toBeCloseTo(fitted.data[k], 5);
    }
  });

  test('the card says what the model was calibrated on, and that its other figures are older', async () => {
    const card = cardSchema.parse(JSON.parse(await readFile(join(out, 'emotion.json'), 'utf8')));
    const old = cardSchema.parse(JSON.parse(await readFile(join(model, 'emotion.json'), 'utf8')));
    expect(card.version).toBe('0.0.1+calibrated');
    expect(card.calibration.recordings).toMatchObject({
      count: 67,
      speakers: 6,
      emotions: { angry: 24, sad: 15, calm: 14, happy: 14 },
    });
    expect(card.calibration.coverage).toBeCloseTo(figures.coverage, 3);
    expect(card.figures).toMatchObject(old.figures);
    expect(card.limits[0]).toMatch(
      /figures of other recordings.* are those of tiny 0\.0\.1 at its threshold of 40%/,
    );
    const { stdout } = await run('cli/main.js', ['model'], { env: { UNDERTONE_MODEL: out } });
    expect(stdout).toMatch(/on recordings like those it was calibrated on, it then answers/);
  });

  test('can be repeated, and says what is optimistic without speakers', async () => {
    const again = join(folder, 'again');
    const options = ['calibrate', notes, '--out', again, '--accuracy', '99', '--model', out];
    const { code, stdout, stderr } = await run('cli/main.js', options);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/tiny 0\.0\.1\+calibrated is in .*again\. Use it with --model/);
    expect(stderr).toMatch(/The speakers are not known.*figures are optimistic/);
    expect((await verdicts(join(notes, 'sad', '1.wav'), '--model', again))[0].emotion).toBe('sad');
  });

  test.each([
    [
      'a folder in use',
      async () => [notes, '--out', notes],
      /exists already and is not an empty folder/,
    ],
    [
      'one emotion',
      async () => [join(notes, 'one')],
      /labelled sad\. Calibration needs at least two emotions/,
    ],
    [
      'few recordings',
      () => folderOf('sad', 'joie').then((at) => [at]),
      /There are 2 recordings with speech\. Calibration needs at least 50/,
    ],
  ])('%s is one sentence', async (_, make, sentence) => {
    await mkdir(join(notes, 'one', 'sad'), { recursive: true });
    await copyFile(join(notes, 'sad', '1.wav'), join(notes, 'one', 'sad', '1.wav'));
    const fresh = ['--out', join(folder, 'never')];
    const { code, stdout, stderr } = await undertone('calibrate', ...fresh, ...(await make()));
    await rm(join(notes, 'one'), { recursive: true });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
  });

  test('an accuracy outside 1 to 99 is wrong usage', async () => {
    expect((await undertone('calibrate', notes, '--accuracy', '100')).code).toBe(2);
  });
});
