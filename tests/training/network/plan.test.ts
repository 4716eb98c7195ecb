import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMOTIONS } from '../../../core/model/emotions.ts';
import type { Clip } from '../../../training/corpus/clip.ts';
import { CORPORA } from '../../../training/corpus/corpora.ts';
import { Plan, plainFoldOf } from '../../../training/network/plan.ts';
import { type Prepared, type PreparedCorpus, SOUNDS } from '../../../training/network/prepare.ts';
import type { Fit } from '../../../training/network/runner.ts';
import type { Spectrograms } from '../../../training/network/spectrogram-store.ts';
import { RAVDESS_TEST_ACTORS } from '../../../training/split.ts';

const NOTHING: Spectrograms = {
  renderings: 1,
  data: new Int16Array(0),
  offsets: new Float64Array(1),
};
const two = (value: number) => String(value).padStart(2, '0');
const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** Names of files as the corpora give them, a few for every speaker. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  ravdess: upTo(24).flatMap((actor) =>
    [1, 2].flatMap((channel) =>
      upTo(channel === 1 ? 8 : 6).flatMap((emotion) =>
        upTo(emotion === 1 ? 1 : 2).map(
          (take) => `03-0${channel}-0${emotion}-01-01-0${take}-${two(actor)}.wav`,
        ),
      ),
    ),
  ),
  'crema-d': upTo(1080, 1055).flatMap((actor) =>
    ['ANG', 'DIS', 'FEA', 'HAP', 'NEU', 'SAD'].map((emotion) => `${actor}_IEO_${emotion}_XX.wav`),
  ),
  ased: upTo(12).flatMap((speaker) =>
    ['n1', 'f2', 'h3', 's4', 'a5'].map((emotion) => `${emotion}-01-01-01-${two(speaker)}.wav`),
  ),
  nemo: ['AB0', 'CD1', 'EF2'].flatMap((speaker) =>
    ['anger', 'fear', 'happiness', 'neutral', 'sadness', 'surprised'].map(
      (emotion) => `${speaker}_${emotion}_7.wav`,
    ),
  ),
  speechocean762: upTo(15).flatMap((speaker) =>
    upTo(3).map((utterance) => `f00${two(speaker)}_00${utterance}.wav`),
  ),
};

function prepared(names: readonly string[], excluded = new Set<string>(), actors = 24): Prepared {
  const corpora = names.map((name): PreparedCorpus => {
    const corpus = CORPORA.find((candidate) => candidate.name === name)!;
    const clips = NAMES[name]
      .map((file) => corpus.clipOf(file)!)
      .filter(({ actor }) => name !== 'ravdess' || actor <= actors);
    return {
      corpus,
      clips,
      exclusions: [],
      rows: Int32Array.from(clips.keys()).filter((row) => !excluded.has(clips[row].id)),
      spectrograms: NOTHING,
      labels: Int32Array.from(clips, ({ emotion }) => EMOTIONS.indexOf(emotion)),
    };
  });
  const sounds = upTo(10).map((i) => ({ category: 'rain', fold: i % 5, isMade: i > 5 }));
  return {
    corpora,
    votes: new Map(),
    sounds: { sounds, spectrograms: NOTHING },
    everydaySounds: [],
  };
}

const OPTIONS = { steps: 10, learningRate: 1e-3, votes: 0.25, init: null };
const ALL = CORPORA.map(({ name }) => name);

/** Every clip that a fit draws its batches from, and the folds of its sounds. */
function trainedOn(data: Prepared, { groups }: Fit): { clips: Clip[]; soundFolds: number[] } {
  const clips: Clip[] = [];
  const soundFolds: number[] = [];
  for (const { corpus, rows } of groups) {
    if (corpus === SOUNDS) {
      soundFolds.push(...Array.from(rows, (row) => data.sounds.sounds[row].fold));
      continue;
    }
    const found = data.corpora.find((candidate) => candidate.corpus.name === corpus)!;
    clips.push(...Array.from(rows, (row) => found.clips[row]));
  }
  return { clips, soundFolds };
}

const some = fc
  .tuple(
    fc.subarray(ALL.slice(1)),
    fc.subarray(Object.values(NAMES).flat(), { maxLength: 60 }),
    fc.constantFrom(3, 24),
    fc.integer({ min: 1, max: 9 }),
  )
  .map(([names, files, actors, seed]) => {
    const excluded = new Set(files.map((file) => file.replace('.wav', '')));
    const data = prepared(['ravdess', ...names], excluded, actors);
    return { data, plan: new Plan(data, OPTIONS), excluded, seed };
  });

describe('no fit learns from what it is tested with', () => {
  const fitsOf = ({ plan, seed }: { plan: Plan; seed: number }) => [
    ...plan.folds().map((_, fold) => ({ fit: plan.fold(fold, seed), fold, left: null })),
    ...plan.anotherCorpora().map(({ corpus }) => ({
      fit: plan.without(corpus.name, seed),
      fold: null,
      left: corpus.name,
    })),
    { fit: plan.everything(seed), fold: null, left: null },
    { fit: plan.randomSplit(seed), fold: null, left: null },
  ];

  it('nor from what is kept for the test, or excluded', () => {
    fc.assert(
      fc.property(some, (drawn) => {
        const { plan, data, excluded, seed } = drawn;
        for (const { fit, fold, left } of fitsOf(drawn)) {
          const { clips, soundFolds } = trainedOn(data, fit);
          expect(clips.filter(({ id }) => excluded.has(id))).toEqual([]);
          const kept = ({ corpus, actor }: Clip) =>
            corpus === 'crema-d' && actor >= 1061 && actor <= 1076;
          expect(clips.filter(kept)).toEqual([]);
          expect(clips.filter(({ corpus }) => corpus === left)).toEqual([]);
          if (fold !== null) {
            const [ravdess] = data.corpora;
            const { test } = plan.folds()[fold];
            const tested = new Set(Array.from(test, (row) => ravdess.clips[row].speaker));
            expect(clips.filter(({ speaker }) => tested.has(speaker))).toEqual([]);
            const folds = plan.folds().length;
            const isTested = (clip: Clip) =>
              clip.corpus === 'speechocean762' && plainFoldOf(clip, folds) === fold;
            expect(clips.filter(isTested)).toEqual([]);
            expect(soundFolds).not.toContain(fold);
          }
          if (fit.watch && fit.name !== `everything, seed ${seed}`) {
            const watched = data.corpora.find(({ corpus }) => corpus.name === fit.watch!.corpus)!;
            const ids = new Set(Array.from(fit.watch.rows, (row) => watched.clips[row].id));
            const both = clips.filter(
              ({ corpus, id }) => corpus === fit.watch!.corpus && ids.has(id),
            );
            expect(both).toEqual([]);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('and yet every batch is full, and every corpus in it', () => {
    fc.assert(
      fc.property(some, (drawn) => {
        for (const { fit } of fitsOf(drawn)) {
          expect(fit.groups.reduce((sum, { count }) => sum + count, 0)).toBe(36);
          for (const { rows, count } of fit.groups) {
            expect(count).toBeGreaterThanOrEqual(1);
            expect(rows.length).toBeGreaterThan(0);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('Plan', () => {
  const data = prepared(ALL);
  const plan = new Plan(data, OPTIONS);
  const [ravdess, cremaD] = data.corpora;

  it('tests every actor of RAVDESS once, in the published folds', () => {
    const actors = plan
      .folds()
      .map(({ test }) => [...new Set(Array.from(test, (row) => ravdess.clips[row].actor))]);
    expect(actors).toEqual(RAVDESS_TEST_ACTORS.map((fold) => fold.toSorted((a, b) => a - b)));
    const few = new Plan(prepared(['ravdess'], new Set(), 3), OPTIONS).folds();
    expect(few).toHaveLength(3);
  });

  it('tests a corpus on its speech, in the classes that others have too', () => {
    const emotionsOf = (corpus: PreparedCorpus, among = plan) =>
      new Set(Array.from(among.anotherCorpusTest(corpus), (row) => corpus.clips[row].emotion));
    // Calm is in no other corpus.
    expect([...emotionsOf(ravdess)]).toEqual(EMOTIONS.filter((emotion) => emotion !== 'calm'));
    for (const row of plan.anotherCorpusTest(ravdess)) {
      expect(ravdess.clips[row].channel).toBe('speech');
    }
    expect(emotionsOf(cremaD).size).toBe(6);
    // ASED has neither disgust nor surprise.
    const two = prepared(['ravdess', 'ased']);
    const emotions = emotionsOf(two.corpora[0], new Plan(two, OPTIONS));
    expect(emotions).toEqual(new Set(['neutral', 'happy', 'sad', 'angry', 'fearful']));
    expect(plan.anotherCorpora().map(({ corpus }) => corpus.name)).toEqual([
      ...['ravdess', 'crema-d', 'ased', 'nemo'],
    ]);
    // With one labelled corpus there is no other.
    const alone = new Plan(prepared(['ravdess', 'speechocean762']), OPTIONS);
    expect(alone.anotherCorpora()).toEqual([]);
  });

  it('ships what learns from everything else', () => {
    const { clips, soundFolds } = trainedOn(data, plan.everything(1));
    const ids = new Set(clips.map(({ corpus, id }) => `${corpus} ${id}`));
    const held = cremaD.clips.filter(({ actor }) => actor >= 1061 && actor <= 1076);
    const all = data.corpora.reduce((sum, corpus) => sum + corpus.clips.length, 0);
    expect(ids.size).toBe(all - held.length);
    expect(new Set(soundFolds)).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(plan.everything(1).watch).toMatchObject({ corpus: 'crema-d' });
  });

  it('draws the class of few clips about as often as the others', () => {
    const fit = plan.everything(1);
    const speech = fit.groups.find(({ corpus }) => corpus === 'ravdess')!;
    const counts = EMOTIONS.map(
      (_, k) => speech.rows.filter((row) => ravdess.labels[row] === k).length,
    );
    expect(new Set(counts).size).toBe(1);
  });

  it('splits at random without sharing a clip, but sharing speakers', () => {
    const { train, test } = plan.randomRows(1);
    expect(train.length + test.length).toBe(ravdess.rows.length);
    expect(test.length / ravdess.rows.length).toBeCloseTo(0.2, 2);
    expect(new Set([...train, ...test]).size).toBe(ravdess.rows.length);
  });

  it('gives every fit a name and a seed of its own', () => {
    const fits = [1, 2, 3].flatMap((seed) => [
      ...plan.folds().map((_, fold) => plan.fold(fold, seed)),
      ...plan.anotherCorpora().map(({ corpus }) => plan.without(corpus.name, seed)),
      plan.everything(seed),
      plan.randomSplit(seed),
    ]);
    expect(new Set(fits.map(({ name }) => name)).size).toBe(fits.length);
    expect(new Set(fits.map(({ seed }) => seed)).size).toBe(fits.length);
  });

  it('freezes blocks of a published network, and none at random', () => {
    expect(plan.everything(1).recipe.frozenBlocks).toBe(0);
    const init = { path: 'mn04.pt', sha256: 'abc' };
    const tuned = new Plan(data, { ...OPTIONS, init }).everything(1);
    expect(tuned.recipe.frozenBlocks).toBeGreaterThan(0);
    expect(tuned.init).toBe(init);
  });
});
