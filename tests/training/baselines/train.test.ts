import { createHash } from 'node:crypto';
import {
  cp,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EMOTIONS } from '../../../core/model/emotions.ts';
import { loadModel } from '../../../core/model/folder.ts';
import { classify } from '../../../core/node/classify.ts';
import { verdictSchema } from '../../../core/verdict.ts';
import type { Scores } from '../../../evaluation/metrics.ts';
import { FAMILIES } from '../../../training/baselines/families.ts';
import { writeCorpus } from '../../fixtures/corpus.ts';
import { foldersOf, startTraining, trainIn } from './run-train.ts';

const CHANCE = 1 / EMOTIONS.length;
const TINY = ['--data', 'tiny', '--quick', '--families', 'forest', '--workers', '1'];

let folder: string;
/** A run that the tests of caches start from. */
let finished: Awaited<ReturnType<typeof trainIn>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-train-'));
  await writeCorpus(join(folder, 'corpus'), { actors: [1, 2, 3] });
  await writeCorpus(join(folder, 'three'), { actors: [1, 2, 3], takes: 1, isSung: false });
  await writeCorpus(join(folder, 'tiny'), { actors: [1, 2], takes: 1, isSung: false });
  finished = await trainIn(folder, 'finished', TINY);
});

afterAll(() => rm(folder, { recursive: true }));

test('trains every family, measures both protocols and writes a model that serves', async () => {
  const args = ['--data', 'corpus', '--quick', '--workers', '2'];
  const { out, err, model, results } = await trainIn(folder, 'whole', args);
  expect(err).toContain('Reading recordings: 66 of 66,');
  // Three families, each with one random split and three folds of one actor.
  expect(err).toContain('Measuring: 12 of 12,');
  expect(err).toContain('Fitting the model: 1 of 1,');
  expect(err.trim().split('\n').at(-1)).toContain('Fitting the model: 1 of 1,');
  expect(err).not.toMatch(/warning/i);
  expect(out).toContain('Model: whole/model');

  expect(results).toMatchObject({
    options: { seed: 42, isQuick: true, families: FAMILIES },
    classes: EMOTIONS,
    data: {
      clips: 66,
      excluded: [],
      others: 0,
      byChannel: { speech: EMOTIONS.map(() => 6), song: [3, 3, 3, 3, 3, 3, 0, 0] },
    },
  });
  expect(Object.keys(results.data.byActor)).toEqual(['1', '2', '3']);
  expect(results.candidates.map(({ family }) => family)).toEqual(FAMILIES);
  for (const { seed, unseen, family } of results.candidates) {
    expect(unseen.folds.map(({ testActors }) => testActors)).toEqual([[1], [2], [3]]);
    expect(seed.testActors).toEqual([1, 2, 3]);
    checkScores(seed.scores, 13);
    checkScores(unseen.speech, 48);
    checkScores(unseen.song, 18);
    for (const { scores, learningCurve, featureImportances } of [seed, ...unseen.folds]) {
      expect(scores.confusion).toHaveLength(EMOTIONS.length);
      if (family !== 'forest') expect(learningCurve?.at(-1)).toBeLessThan(learningCurve?.[0] ?? 0);
      if (family === 'mlp') continue;
      expect(featureImportances).toHaveLength(results.featureNames.length);
      expect(featureImportances?.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
    }
  }
  const uars = results.candidates.map(({ unseen }) => unseen.speech?.unweightedAverageRecall ?? 0);
  expect(FAMILIES.indexOf(results.chosen)).toBe(uars.indexOf(Math.max(...uars)));
  expect(results.calibration.curve[0]).toMatchObject({ threshold: 0, coverage: 1 });
  expect(results.calibration.errorAfter).toBeGreaterThanOrEqual(0);

  const loaded = await loadModel(join(folder, 'whole/model'));
  expect(loaded.card.sha256).toBe(createHash('sha256').update(model).digest('hex'));
  expect(results.final).toMatchObject({ sha256: loaded.card.sha256, modelBytes: model.length });
  expect(loaded.card.threshold).toBe(results.calibration.threshold);
  expect(loaded.card.figures.unseenSpeech?.clips).toBe(48);
  expect(await readdir(join(folder, 'whole/model'))).toEqual(['emotion.json', 'emotion.onnx']);

  // Actors whom it never heard.
  const paths = await writeCorpus(join(folder, 'strangers'), {
    ...{ actors: [7, 8], takes: 1, isSung: false },
  });
  const emotions: string[] = [];
  for (const path of paths) {
    const verdict = verdictSchema.parse(await classify(await readFile(path), { model: loaded }));
    emotions.push(verdict.emotion);
  }
  const right = emotions.filter((emotion, i) => emotion === EMOTIONS[i % EMOTIONS.length]);
  expect(right.length / paths.length).toBeGreaterThan(2 * CHANCE);
});

test('seed and recordings make the model, the number of threads does not', async () => {
  const args = ['--data', 'tiny', '--quick'];
  const one = await trainIn(folder, 'one', [...args, '--workers', '1']);
  const two = await trainIn(folder, 'two', [...args, '--workers', '2']);
  const other = await trainIn(folder, 'other', [...TINY, '--seed', '43']);
  expect(two.model.equals(one.model)).toBe(true);
  expect(two.results.candidates).toEqual(one.results.candidates);
  expect(other.model.equals(finished.model)).toBe(false);
});

test('Ctrl-C stops it, a second run is refused meanwhile, and it goes on to the same model', async () => {
  const args = ['--data', 'three', '--families', 'forest', '--workers', '2'];
  // Six combinations: three inner folds of the random split, two of each of three actors' folds.
  const straight = await trainIn(folder, 'straight', args);
  expect(straight.err).toContain('Measuring: 58 of 58,');
  expect(straight.err.trim().split('\n').at(-1)).toContain('Fitting the model: 19 of 19,');

  const first = startTraining(folder, [...foldersOf('stopped'), ...args]);
  await first.printed(/Measuring: [1-9]\d* of 58/);
  // Held still, so that it cannot end before the second has looked.
  first.child.kill('SIGSTOP');
  const second = await startTraining(folder, [...foldersOf('stopped'), ...args]).finished;
  first.child.kill('SIGINT');
  first.child.kill('SIGCONT');
  expect(second.code).toBe(1);
  expect(second.err).toContain(`The folder stopped/work is in use by process ${first.child.pid}.`);
  expect(second.err).toContain('--work');

  const stopped = await first.finished;
  expect(stopped.code).toBe(130);
  expect(stopped.err.trim().split('\n').at(-1)).toBe('Stopped. Run the same command to continue.');
  expect(stopped.err).not.toMatch(/^\s+at /m);
  expect(await readdir(join(folder, 'stopped/model'))).toEqual([]);
  const kept = await jobFiles('stopped');
  expect(kept.size).toBeGreaterThan(0);
  expect(kept.size).toBeLessThan((await jobFiles('straight')).size);

  const resumed = await trainIn(folder, 'stopped', args);
  expect(resumed.model.equals(straight.model)).toBe(true);
  expect(resumed.results.candidates).toEqual(straight.results.candidates);
  const after = await jobFiles('stopped');
  for (const [name, written] of kept) expect(after.get(name)).toBe(written);
  expect([...after.keys()]).toEqual([...(await jobFiles('straight')).keys()]);
});

test('what a crash left half-written is ignored and done again', async () => {
  await cp(join(folder, 'finished'), join(folder, 'crashed'), { recursive: true });
  const work = join(folder, 'crashed/work');
  const [job] = (await readdir(join(work, 'jobs'))).map((name) => join(work, 'jobs', name));
  const before = await readFile(job, 'utf8');
  await truncate(job, Math.floor(before.length / 2));
  const cache = await cacheFile('crashed');
  const lines = await linesOf(cache);
  expect(lines).toHaveLength(16);
  // The last line lacks its end.
  await truncate(cache, (await stat(cache)).size - 100);
  // The lock of a process that is no more: one that has just ended.
  const gone = startTraining(folder, ['--help']);
  await gone.finished;
  await writeFile(join(work, 'lock'), String(gone.child.pid));

  const again = await trainIn(folder, 'crashed', TINY);
  expect(again.model.equals(finished.model)).toBe(true);
  expect(await readFile(job, 'utf8')).toBe(before);
  expect(await linesOf(cache)).toEqual(expect.arrayContaining(lines));
  expect(await readdir(work)).not.toContain('lock');
});

test('features of another configuration are not taken from the cache', async () => {
  await cp(join(folder, 'finished'), join(folder, 'older'), { recursive: true });
  const cache = await cacheFile('older');
  const lines = await linesOf(cache);
  const vector = Buffer.from(new Float32Array(finished.results.featureNames.length).buffer);
  const wrong = lines.map((line) => ({ ...JSON.parse(line), vector: vector.toString('base64') }));
  await rename(cache, join(cache, '../features-0123456789ab.jsonl'));
  await writeFile(
    join(cache, '../features-0123456789ab.jsonl'),
    wrong.map((line) => JSON.stringify(line)).join('\n'),
  );
  const again = await trainIn(folder, 'older', TINY);
  expect(again.model.equals(finished.model)).toBe(true);
  expect((await linesOf(cache)).sort()).toEqual(lines.sort());
});

function checkScores(scores: Scores | null, clips: number): void {
  expect(scores?.clips).toBe(clips);
  expect(scores?.confusion.flat().reduce((a, b) => a + b, 0)).toBe(clips);
  const hits = scores?.confusion.reduce((sum, row, k) => sum + row[k], 0) ?? 0;
  expect(scores?.accuracy).toBeCloseTo(hits / clips, 10);
  expect(scores?.unweightedAverageRecall).toBeGreaterThan(2 * CHANCE);
}

/** When each finished step was written, by its name. */
async function jobFiles(run: string): Promise<Map<string, number>> {
  const jobs = join(folder, run, 'work/jobs');
  const names = (await readdir(jobs)).filter((name) => name.endsWith('.json')).sort();
  const times = await Promise.all(names.map((name) => stat(join(jobs, name))));
  return new Map(names.map((name, i) => [name, times[i].mtimeMs]));
}

async function cacheFile(run: string): Promise<string> {
  const work = join(folder, run, 'work');
  const names = (await readdir(work)).filter((name) => name.startsWith('features-'));
  expect(names).toHaveLength(1);
  return join(work, names[0]);
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
}
