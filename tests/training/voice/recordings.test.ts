import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Described, describeExamples } from '../../../training/voice/described.ts';
import { findVoicesAndSounds, type Recording } from '../../../training/voice/recordings.ts';
import { makeCorpora } from './corpus.ts';

let folder: string;
let recordings: Recording[];
beforeAll(async () => {
  folder = await makeCorpora();
  recordings = await findVoicesAndSounds(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const named = (name: string) => recordings.find(({ path }) => basename(path).startsWith(name));

describe('the recordings', () => {
  test('of RAVDESS are tested in the fold of their actor, song apart from speech', () => {
    expect(named('03-01-03-01-01-01-17')).toMatchObject({
      ...{ group: 'RAVDESS speech', isVoice: true, fold: 3 },
    });
    expect(named('03-02-03-01-01-01-01')).toMatchObject({ group: 'RAVDESS song', fold: 4 });
  });

  test('of CREMA-D actors from 1061 on are in no fold, of the others some are taken', () => {
    expect(named('1061')?.fold).toBeNull();
    expect(named('1076_IEO')?.fold).toBeNull();
    expect(recordings.filter(({ group }) => group === 'CREMA-D')).toHaveLength(2);
    expect(named('1001')?.fold).toBe(1);
  });

  test('leave the silent clip out', () => {
    expect(named('1076_MTI')).toBeUndefined();
  });

  test('of ESC-10 are sounds in their own fold', () => {
    expect(named('4-200-A')).toMatchObject({ group: 'rooster', isVoice: false, fold: 3 });
  });

  test('that are missing are named', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'undertone-voice-'));
    await expect(findVoicesAndSounds(empty)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('RAVDESS, CREMA-D, ESC-10, fold 1'),
    });
    await rm(empty, { recursive: true });
    await expect(findVoicesAndSounds(empty)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('their examples', () => {
  let examples: Described[];
  const options = () => ({ seed: 1, madePerKind: 1, cacheFolder: join(folder, 'cache') });
  beforeAll(async () => {
    examples = await describeExamples(recordings, options());
  });

  test('hold every recording as it is', () => {
    const clean = examples.filter(
      ({ condition, group }) => condition === 'clean' && !group.startsWith('made: '),
    );
    expect(clean).toHaveLength(recordings.length);
    expect(clean.every(({ stretches }) => stretches.length > 0)).toBe(true);
  });

  test('change nothing that is never trained on', () => {
    const changed = examples.filter(({ condition }) => condition !== 'clean');
    expect(changed.length).toBeGreaterThan(recordings.length / 2);
    expect(changed.every(({ fold }) => fold !== null)).toBe(true);
  });

  test('are taken from the cache the second time', async () => {
    const lost = recordings.map((recording) => ({ ...recording }));
    const before = await readFile(recordings[0].path);
    await rm(recordings[0].path);
    await expect(describeExamples(lost, options())).resolves.toEqual(examples);
    await expect(describeExamples(lost, { ...options(), seed: 2 })).rejects.toThrow(/ENOENT/);
    expect(before.length).toBeGreaterThan(0);
  });
});
