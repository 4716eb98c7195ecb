import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { decode } from '../../../core/node/decode.ts';
import { findClips } from '../../../training/corpus/corpora.ts';
import { type Content, findExclusions } from '../../../training/corpus/exclusions.ts';
import extract, { sha256 } from '../../../training/corpus/extract.ts';
import { fingerprintOf } from '../../../training/corpus/fingerprint.ts';
import { silence, wavFile } from '../../fixtures/audio.ts';
import { writeCorpus, writeCremaD } from '../../fixtures/corpus.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-exclusions-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** What is left out of the corpora in the folder: reasons by name. */
async function reasons(withFingerprint = true): Promise<Record<string, string>> {
  const { clips } = await findClips(folder);
  const contents: Content[] = [];
  for (const { path } of clips) {
    const { samples } = await decode(await readFile(path));
    // What counts as speech is tested elsewhere; here every recording is of use unless it is silent.
    const problem = samples.some((x) => x !== 0) ? null : (await extract(path)).problem;
    const audioHash = sha256(
      new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
    );
    const content = { problem, audioHash };
    contents.push(withFingerprint ? { ...content, fingerprint: fingerprintOf(samples) } : content);
  }
  const exclusions = findExclusions(clips, contents, folder);
  return Object.fromEntries(exclusions.map(({ id, reason }) => [id, reason]));
}

const file = (id: string) => join(folder, 'AudioWAV', `${id}.wav`);

/** Writes a recording under a second name, a millisecond later and a little louder. */
async function writeShifted(from: string, to: string): Promise<void> {
  const { samples } = await decode(await readFile(file(from)));
  await writeFile(file(to), wavFile(samples.subarray(15).map((x) => x * 1.1)));
}

test('nothing is left out of sound corpora', async () => {
  await writeCorpus(folder, { actors: [1], takes: 4 });
  await writeCremaD(folder);
  expect(await reasons()).toEqual({});
});

test('a silent recording and both of a pair under two labels are left out', async () => {
  await writeCremaD(folder, { actors: [1013], sentences: ['WSI'] });
  await writeFile(file('1013_WSI_NEU_XX'), wavFile(silence({ seconds: 1 })));
  await copyFile(file('1013_WSI_DIS_XX'), file('1013_WSI_SAD_XX'));
  expect(await reasons(false)).toEqual({
    '1013_WSI_DIS_XX': 'same recording as AudioWAV/1013_WSI_SAD_XX.wav under another label',
    '1013_WSI_NEU_XX': 'it contains no sound',
    '1013_WSI_SAD_XX': 'same recording as AudioWAV/1013_WSI_DIS_XX.wav under another label',
  });
});

test('a pair that is shifted a little is found by its fingerprint alone', async () => {
  await writeCremaD(folder, { actors: [1067], sentences: ['IEO'] });
  await writeShifted('1067_IEO_DIS_XX', '1067_IEO_FEA_LO');
  expect(await reasons(false)).toEqual({});
  expect(await reasons()).toEqual({
    '1067_IEO_DIS_XX': 'same recording as AudioWAV/1067_IEO_FEA_LO.wav under another label',
    '1067_IEO_FEA_LO': 'same recording as AudioWAV/1067_IEO_DIS_XX.wav under another label',
  });
});

test('of copies under one label the first stays', async () => {
  await writeCremaD(folder, { actors: [1001], sentences: ['IEO'], takes: ['ANG_HI', 'SAD_XX'] });
  await writeShifted('1001_IEO_ANG_HI', '1001_IEO_ANG_LO');
  expect(await reasons()).toEqual({
    '1001_IEO_ANG_LO': 'same recording as AudioWAV/1001_IEO_ANG_HI.wav',
  });
});

test('each of several labels names one that differs from it', async () => {
  await writeCremaD(folder, { actors: [1001], sentences: ['IEO'], takes: ['ANG_HI', 'HAP_XX'] });
  for (const copy of ['ANG_LO', 'SAD_XX']) {
    await copyFile(file('1001_IEO_ANG_HI'), file(`1001_IEO_${copy}`));
  }
  const angry = 'same recording as AudioWAV/1001_IEO_SAD_XX.wav under another label';
  expect(await reasons()).toEqual({
    '1001_IEO_ANG_HI': angry,
    '1001_IEO_ANG_LO': angry,
    '1001_IEO_SAD_XX': 'same recording as AudioWAV/1001_IEO_ANG_HI.wav under another label',
  });
});
