import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CORPORA, findClips } from '../../../training/corpus/corpora.ts';
import { CREMA_D_TEST_ACTORS } from '../../../training/corpus/crema-d.ts';
import { findRavdess } from '../../../training/corpus/ravdess.ts';
import { writeCorpus, writeCremaD } from '../../fixtures/corpus.ts';

describe('findClips', () => {
  let folder: string;
  let ravdess: string[];
  let cremaD: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'undertone-corpora-'));
    ravdess = await writeCorpus(join(folder, 'some/where'), { actors: [2, 1], takes: 1 });
    cremaD = await writeCremaD(folder, { sentences: ['TIE', 'IEO'] });
    await writeFile(join(folder, 'README.md'), 'none');
    await writeFile(join(folder, '1001_IEO_ANG_HI.txt'), 'none');
    await mkdir(join(folder, 'AudioMP3'));
    for (const path of cremaD.slice(0, 2)) {
      await copyFile(path, join(folder, 'AudioMP3', basename(path).replace('.wav', '.mp3')));
    }
    await copyFile(ravdess[0], join(folder, basename(ravdess[0]).replace('.wav', '.FLAC')));
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('finds every clip of every corpus once, in the order of corpora and names', async () => {
    const { clips, copies, others } = await findClips(folder);
    expect(clips.map(({ path }) => path).sort()).toEqual([...ravdess, ...cremaD].sort());
    const keys = clips.map(({ corpus, id }) => `${corpus === 'ravdess' ? 0 : 1} ${id}`);
    expect(keys).toEqual(keys.toSorted());
    expect(others.map((path) => relative(folder, path)).sort()).toEqual([
      '1001_IEO_ANG_HI.txt',
      'README.md',
    ]);
    expect(copies.map(({ path }) => relative(folder, path))).toEqual([
      basename(ravdess[0]).replace('.wav', '.FLAC'),
      join('AudioMP3', '1001_TIE_ANG_HI.mp3'),
      join('AudioMP3', '1001_TIE_DIS_XX.mp3'),
    ]);
  });

  it('leaves other corpora to others when one is asked for', async () => {
    const { clips, others } = await findRavdess(folder);
    expect(new Set(clips.map(({ corpus }) => corpus))).toEqual(new Set(['ravdess']));
    // Copies are among the clips here; they are excluded with a reason later.
    expect(clips).toHaveLength(ravdess.length + 1);
    expect(others).toHaveLength(cremaD.length + 2 + 2);
  });

  it('says so when the folder cannot be read', async () => {
    await expect(findClips(join(folder, 'nowhere'))).rejects.toThrow('ENOENT');
  });

  it('never gives speakers and sentences of two corpora one name', async () => {
    const { clips } = await findClips(folder);
    for (const property of ['speaker', 'sentence'] as const) {
      for (const { corpus, [property]: value } of clips) expect(value).toContain(`${corpus}-`);
    }
    expect(new Set(clips.map(({ speaker }) => speaker))).toEqual(
      new Set(['ravdess-01', 'ravdess-02', 'crema-d-1001', 'crema-d-1061']),
    );
  });
});

describe('names', () => {
  const read = (corpus: string, path: string) =>
    CORPORA.find(({ name }) => name === corpus)!.clipOf(path);

  it('of CREMA-D tell actor, sentence, emotion and level', () => {
    expect(read('crema-d', '/data/1061_IEO_FEA_LO.mp3')).toEqual({
      corpus: 'crema-d',
      path: '/data/1061_IEO_FEA_LO.mp3',
      id: '1061_IEO_FEA_LO',
      emotion: 'fearful',
      actor: 1061,
      speaker: 'crema-d-1061',
      gender: null,
      channel: 'speech',
      intensity: 'low',
      sentence: 'crema-d-IEO',
    });
    const levels = ['LO', 'MD', 'HI', 'XX', 'X'].map((level) => `1001_IEO_ANG_${level}.wav`);
    expect(levels.map((name) => read('crema-d', name)?.intensity)).toEqual([
      ...['low', 'normal', 'strong', null, null],
    ]);
    const codes = ['NEU', 'HAP', 'SAD', 'ANG', 'FEA', 'DIS'];
    const emotions = codes.map((code) => read('crema-d', `1091_DFA_${code}_XX.ogg`)?.emotion);
    expect(emotions).toEqual(['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgust']);
  });

  it('of RAVDESS tell what its table of codes says', () => {
    expect(read('ravdess', 'a/03-02-05-02-01-02-07.flac')).toEqual({
      corpus: 'ravdess',
      path: 'a/03-02-05-02-01-02-07.flac',
      id: '03-02-05-02-01-02-07',
      emotion: 'angry',
      actor: 7,
      speaker: 'ravdess-07',
      gender: 'male',
      channel: 'song',
      intensity: 'strong',
      sentence: 'ravdess-1',
    });
    expect(read('ravdess', '03-01-01-01-02-01-12.WAV')).toMatchObject({
      ...{ gender: 'female', channel: 'speech', intensity: 'normal', sentence: 'ravdess-2' },
    });
  });

  it('of ASED tell emotion, sentence and take, and speaker', () => {
    expect(read('ased', 'ased/a5-02-03-01-14.ogg')).toEqual({
      corpus: 'ased',
      path: 'ased/a5-02-03-01-14.ogg',
      id: 'a5-02-03-01-14',
      emotion: 'angry',
      actor: 14,
      speaker: 'ased-14',
      gender: 'male',
      channel: 'speech',
      intensity: null,
      sentence: 'ased-5-02-03',
    });
    const letters = ['n1', 'f2', 'h3', 's4', 'a5'];
    const emotions = letters.map((letter) => read('ased', `${letter}-01-01-01-02.ogg`)?.emotion);
    expect(emotions).toEqual(['neutral', 'fearful', 'happy', 'sad', 'angry']);
    // One published file begins with a capital.
    expect(read('ased', 'S4-04-02-01-29.ogg')).toMatchObject({ emotion: 'sad', gender: 'female' });
  });

  it('of ASED tell who is a woman: the odd ones to 37, and six later ones', () => {
    const women = Array.from({ length: 65 }, (_, i) => i + 1).filter((speaker) => {
      const name = `n1-01-01-01-${String(speaker).padStart(2, '0')}.ogg`;
      return read('ased', name)?.gender === 'female';
    });
    const odd = Array.from({ length: 19 }, (_, i) => 2 * i + 1);
    expect(women).toEqual([...odd, 43, 47, 48, 49, 58, 62]);
  });

  it('of nEMO tell speaker, emotion and number', () => {
    expect(read('nemo', 'nemo/EB0_happiness_10.ogg')).toMatchObject({
      id: 'EB0_happiness_10',
      emotion: 'happy',
      speaker: 'nemo-EB0',
      gender: null,
      channel: 'speech',
      sentence: 'nemo-10',
    });
    const named = ['anger', 'fear', 'happiness', 'neutral', 'sadness', 'surprised'];
    const emotions = named.map((name) => read('nemo', `SS0_${name}_7.ogg`)?.emotion);
    expect(emotions).toEqual(['angry', 'fearful', 'happy', 'neutral', 'sad', 'surprised']);
    const initials = ['EB0', 'JMa', 'SS0', 'SS1', 'EBO'];
    const actors = initials.map((speaker) => read('nemo', `${speaker}_fear_1.ogg`)?.actor);
    // Numbers tell speakers apart as their initials do; those in small letters are none.
    expect(actors[1]).toBeUndefined();
    expect(new Set(actors.filter((actor) => actor !== undefined)).size).toBe(3);
  });

  it('of speechocean762 tell sex, speaker and utterance; no emotion was asked for', () => {
    expect(read('speechocean762', 'plain/m0024_000240010.ogg')).toMatchObject({
      id: 'm0024_000240010',
      emotion: 'neutral',
      actor: 24,
      speaker: 'speechocean762-0024',
      gender: 'male',
      intensity: null,
      sentence: 'speechocean762-000240010',
    });
    expect(read('speechocean762', 'f0001_1.ogg')).toMatchObject({ gender: 'female', actor: 1 });
    expect(CORPORA.flatMap((c) => (c.isPlainSpeech ? [c.name] : []))).toEqual(['speechocean762']);
  });

  it.each([
    ['crema-d', '1001_IEO_CAL_HI.wav', 'CAL', 'known are ANG, DIS, FEA, HAP, NEU, SAD'],
    ['ased', 'c5-01-01-01-14.ogg', 'c', 'known are n, f, h, s, a'],
    ['nemo', 'EB0_boredom_10.ogg', 'boredom', 'known are anger, fear, happiness'],
  ])('of %s with an emotion that it does not have are refused: %s', (corpus, name, emotion, known) => {
    const refused = expect.objectContaining({
      code: 'audio-unreadable',
      message: expect.stringContaining(`${name} names the emotion "${emotion}"`),
    });
    expect(() => read(corpus, name)).toThrow(refused);
    expect(() => read(corpus, name)).toThrow(known);
  });

  it('are unique: no file is of two corpora', () => {
    const files = ['03-01-05-01-02-01-12.wav', '1061_IEO_FEA_LO.mp3', 'a5-01-01-02-14.ogg'];
    files.push('EB0_anger_10.ogg', 'f0024_000240010.ogg');
    const owners = files.map((file) => CORPORA.filter(({ clipOf }) => clipOf(file)));
    expect(owners.map((corpora) => corpora.map(({ name }) => name))).toEqual([
      ...[['ravdess'], ['crema-d'], ['ased'], ['nemo'], ['speechocean762']],
    ]);
  });

  it.each([
    '1092_IEO_ANG_HI.wav',
    '1000_IEO_ANG_HI.wav',
    '1001_ABC_ANG_HI.wav',
    '1001_IEO_ANG_ZZ.wav',
    '1001_IEO_ANG_HI copy.wav',
    '._1001_IEO_ANG_HI.wav',
    '1001_IEO_ANG_HI.txt',
    '1001_IEO_ANG_HI',
    '03-01-09-01-01-01-01.wav',
    '01-01-01-01-01-01-01.wav',
    '03-01-01-01-01-01-25.wav',
    'a5-01-01-01-1.ogg',
    '_a5-01-01-01-14.ogg',
    'EB0_anger.ogg',
    'eb0_anger_10.ogg',
    'x0024_000240010.ogg',
    'f24_000240010.ogg',
  ])('like %s are of no corpus', (name) => {
    for (const { clipOf } of CORPORA) expect(clipOf(name)).toBeNull();
  });
});

it('keeps sixteen actors of CREMA-D for the test', () => {
  expect(CREMA_D_TEST_ACTORS).toHaveLength(16);
  expect([CREMA_D_TEST_ACTORS[0], CREMA_D_TEST_ACTORS[15]]).toEqual([1061, 1076]);
});
