import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EMOTIONS } from '../../../core/model/emotions.ts';
import { loadModel } from '../../../core/model/folder.ts';
import { classify } from '../../../core/node/classify.ts';
import { verdictSchema } from '../../../core/verdict.ts';
import type { NetworkResults } from '../../../training/network/results.ts';
import { createRandom } from '../../../training/random.ts';
import { wavFile, whiteNoise } from '../../fixtures/audio.ts';
import { writeCorpus, writeCremaD } from '../../fixtures/corpus.ts';
import { hasFfmpeg } from '../../fixtures/encode.ts';
import { randomTensors } from '../../fixtures/mobilenet.ts';
import { randomSpeechModel } from '../../fixtures/speech-embedding.ts';
import { safetensors, torchFile } from '../../fixtures/weights.ts';
import { startProgram } from '../baselines/run-train.ts';

const TINY = [...['--members', '1', '--steps', '1'], ...['--no-random-split', '--workers', '2']];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-network-'));
});
afterAll(() => rm(folder, { recursive: true }));

const train = (args: readonly string[]) =>
  startProgram('training/train.js', folder, [
    ...['--out', 'model', '--report', 'report', '--work', 'work'],
    ...args,
  ]);

/** RAVDESS, CREMA-D with an actor that is kept for the test, and sounds of a fold of each kind. */
async function writeAll(data: string): Promise<void> {
  await writeCorpus(join(data, 'ravdess'), { actors: [1, 2], takes: 1 });
  await writeCremaD(join(data, 'crema-d'), { actors: [1001, 1061], sentences: ['IEO'] });
  for (const fold of [1, 5]) {
    const path = join(data, 'sounds', 'rain', `${fold}-100-A.wav`);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, wavFile(whiteNoise({ seconds: 2, seed: fold })));
  }
}

test.skipIf(!hasFfmpeg)(
  'measures strangers, writes a model that serves, and resumes',
  async () => {
    const data = join(folder, 'data');
    await writeAll(data);
    const { code, out, err } = await train(['--data', data, ...TINY]).finished;
    expect(err + out).toContain('Fitting networks: 5 of 5,');
    expect(err).toContain('everything, seed 1: step 1, loss');
    expect(code).toBe(0);

    const results: NetworkResults = JSON.parse(
      await readFile(join(folder, 'report/results.json'), 'utf8'),
    );
    // Every actor is tested by a network that was not trained on them, and each recording once.
    expect(results.unseen.folds.map(({ actors }) => actors)).toEqual([[1], [2]]);
    expect(results.unseen.ensemble.speech.clips).toBe(2 * EMOTIONS.length);
    expect(results.unseen.ensemble.song?.clips).toBe(2 * 6);
    expect(results.cremaD?.actors.map(({ actor }) => actor)).toEqual([1061]);
    expect(results.cremaD?.scores.clips).toBe(6);
    // Each corpus is left out in turn, and tested in the emotions that the other one has.
    expect(results.anotherCorpus?.corpora.map(({ name, scores }) => [name, scores.clips])).toEqual([
      ['RAVDESS', 2 * 6],
      ['CREMA-D', 12],
    ]);
    expect(results.noSpeech.map(({ name }) => name)).toContain('rain');
    expect(results.robustness.map(({ condition }) => condition)).toEqual([
      ...['clean', 'opus-16', 'telephone', 'noise-10-db', 'small-room'],
      ...['gain-minus-40-db', 'gain-plus-20-db'],
    ]);
    // The made clips are too short to be joined to notes.
    expect(results.timeline).toBeNull();
    expect(results.recipe).toMatchObject({ members: [1], networks: 1, init: null });
    expect(await readFile(join(folder, 'report/report.html'), 'utf8')).toContain('<svg');

    const model = await loadModel(join(folder, 'model'));
    expect(model.card.sha256).toBe(results.model.sha256);
    const bytes = await readFile(
      join(data, 'ravdess/Audio_Speech_Actors_01-24/Actor_01/03-01-05-01-01-01-01.wav'),
    );
    verdictSchema.parse(await classify(bytes, { model }));

    const before = await stat(join(folder, 'model/emotion.onnx'));
    const again = await train(['--data', data, ...TINY]).finished;
    expect(again.code).toBe(0);
    // Nothing is fitted anew: no network reports a step.
    expect(again.err).not.toContain('step 1');
    expect(await readFile(join(folder, 'model/emotion.onnx'))).toHaveLength(before.size);

    const long = train(['--data', data, ...TINY, '--steps', '100000']);
    await long.printed(/Fitting networks/);
    long.child.kill('SIGINT');
    const stopped = await long.finished;
    expect(stopped.code).toBe(130);
    // What another thread has just reached may stand between the two.
    const lines = stopped.err.trim().split('\n');
    expect(lines).toContain('Stopping after the current step. Press Ctrl+C again to stop now.');
    expect(lines.at(-1)).toBe('Stopped. Run the same command to continue.');
    expect(await readFile(join(folder, 'model/emotion.onnx'))).toHaveLength(before.size);
  },
  240_000,
);

test.skipIf(!hasFfmpeg)(
  'trains on RAVDESS alone, from published weights, and ships the networks that were measured',
  async () => {
    const data = join(folder, 'ravdess-alone');
    await writeCorpus(data, { actors: [1, 2], takes: 1, isSung: false });
    const init = join(folder, 'published.safetensors');
    await writeFile(init, safetensors(randomTensors(createRandom(1))));
    const options = ['--members', 'none', '--folds', '1', '--out', 'alone', '--work', 'alone-work'];
    const speech = join(folder, 'speech.onnx');
    await writeFile(speech, randomSpeechModel(createRandom(2)));
    options.push('--init', init, '--speech', speech);
    const { code, out, err } = await train(['--data', data, ...TINY, ...options]).finished;
    expect(err + out).toContain('Fitting networks: 1 of 1,');
    expect(err + out).toContain('Fitting probes: 2 of 2,');
    expect(code).toBe(0);
    const results: NetworkResults = JSON.parse(
      await readFile(join(folder, 'report/results.json'), 'utf8'),
    );
    expect(results.unseen.folds.map(({ actors }) => actors)).toEqual([[1]]);
    expect(results.anotherCorpus).toBeNull();
    expect(results.recipe).toMatchObject({ members: [], networks: 1 });
    expect(results.recipe.init).toMatch(/^[0-9a-f]{64}$/);
    expect(results.recipe.speech).toMatch(/^[0-9a-f]{64}$/);
    const again = await train(['--data', data, ...TINY, ...options]).finished;
    expect(again.code).toBe(0);
    // The probes are on disk, and the same.
    expect(again.err).not.toContain('activations');
    const second = JSON.parse(await readFile(join(folder, 'report/results.json'), 'utf8'));
    expect(second.model).toEqual(results.model);
    // Both published networks are part of what ships.
    expect(results.model.parameters).toBeGreaterThan(2 * 330_000);
    const model = await loadModel(join(folder, 'alone'));
    const path = join(data, 'Audio_Speech_Actors_01-24/Actor_01/03-01-05-01-01-01-01.wav');
    verdictSchema.parse(await classify(await readFile(path), { model }));
  },
  240_000,
);

test.skipIf(!hasFfmpeg)(
  'says what is missing and leaves the model alone',
  async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const nothing = await train(['--data', empty, '--out', 'untouched']).finished;
    expect(nothing.code).toBe(1);
    expect(nothing.err).toContain('No RAVDESS recordings were found below');
    expect(existsSync(join(folder, 'untouched/emotion.onnx'))).toBe(false);

    const lone = join(folder, 'lone');
    await writeCorpus(lone, { actors: [1], takes: 1, isSung: false });
    const one = await train(['--data', lone, '--workers', '1']).finished;
    expect(one.code).toBe(1);
    expect(one.err).toContain('there are 1 speakers of it');

    const without = await startProgram('training/train.js', folder, ['--data', lone], {
      FFMPEG_BIN: join(folder, 'none'),
    }).finished;
    expect(without).toMatchObject({ code: 1, out: '' });
    expect(without.err).toMatch(/^FFMPEG_BIN is .* which does not exist\. Install it .*\n$/);

    const gone = await train(['--data', join(folder, 'gone')]).finished;
    expect(gone.err).toContain('cannot be read');
    const seeds = await train(['--data', empty, '--members', '1,1']).finished;
    expect(seeds.err).toContain('Name each seed only once.');
  },
  240_000,
);

test.skipIf(!hasFfmpeg)(
  'refuses what does not fit before it computes anything',
  async () => {
    const data = join(folder, 'refused');
    await writeCorpus(join(data, 'ravdess'), { actors: [1, 2], takes: 1, isSung: false });
    const refusal = async (...options: string[]) => {
      const { code, err } = await train(['--data', data, '--work', 'refused-work', ...options])
        .finished;
      expect(code).toBe(1);
      expect(err).not.toMatch(/^\s+at /m);
      expect(err).not.toContain('Spectrograms');
      return err;
    };

    expect(await refusal('--init', join(folder, 'none.pt'))).toMatch(
      /The weights .*none\.pt cannot be read\. Needed is mn04_as_mAP_432\.pt of EfficientAT/,
    );
    await writeFile(
      join(folder, 'damaged.pt'),
      torchFile(randomTensors(createRandom(1))).subarray(9),
    );
    expect(await refusal('--init', join(folder, 'damaged.pt'))).toContain(
      'damaged.pt is no file of weights, or it is damaged.',
    );
    const other = new Map([...randomTensors(createRandom(1))].slice(1));
    await writeFile(join(folder, 'other.safetensors'), safetensors(other));
    expect(await refusal('--init', join(folder, 'other.safetensors'))).toContain(
      'These are the weights of another network: features.0.0.weight, of 72 numbers, is missing.',
    );

    for (const file of ['other.safetensors', 'missing.onnx']) {
      expect(await refusal('--speech', join(folder, file))).toMatch(
        /Needed is embedding_model\.onnx of openWakeWord/,
      );
    }

    const votes = join(data, 'crema-d-votes.csv');
    await writeFile(
      votes,
      'clip,anger,disgust,fear,happy,neutral,sad\n1001_IEO_ANG_HI,9,0,0,0,0,0',
    );
    expect(await refusal()).toContain('votes on 1 clips that are not below');
    await rm(votes);

    const nemo = (name: string) => join(data, `${name}.wav`);
    await writeFile(nemo('AB0_boredom_1'), wavFile(whiteNoise({ seconds: 1 })));
    expect(await refusal()).toContain('names the emotion "boredom", which its corpus is not known');
    await rename(nemo('AB0_boredom_1'), nemo('AB0_fear_1'));
    expect(await refusal()).toContain(
      'Training needs 2 emotions of nEMO and the speech of at least two speakers.',
    );
  },
  240_000,
);
