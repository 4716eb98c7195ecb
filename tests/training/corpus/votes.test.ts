import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EMOTION_COUNT, EMOTIONS } from '../../../core/model/emotions.ts';
import { CREMA_D } from '../../../training/corpus/crema-d.ts';
import { readVotes } from '../../../training/corpus/votes.ts';

const HEADER = 'clip,anger,disgust,fear,happy,neutral,sad';
const CLIPS = ['1001_IEO_ANG_HI', '1002_TIE_NEU_XX'].map((id) => CREMA_D.clipOf(`${id}.ogg`)!);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-votes-'));
});
afterEach(() => rm(folder, { recursive: true }));

const read = async (...lines: string[]) => {
  await writeFile(join(folder, 'crema-d-votes.csv'), lines.join('\n'));
  return readVotes(folder, CLIPS);
};
const refusal = (code: string, ...parts: string[]) => ({
  code,
  message: expect.stringMatching(
    new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')),
  ),
});

describe('readVotes', () => {
  it('counts who named which emotion, in the order of classes', async () => {
    const votes = await read(
      HEADER,
      '1001_IEO_ANG_HI,6,1,0,0,2,0',
      '1002_TIE_NEU_XX,0,0,0,1,8,1',
      '',
    );
    expect([...votes.keys()]).toEqual(['1001_IEO_ANG_HI', '1002_TIE_NEU_XX']);
    const counts = votes.get('1001_IEO_ANG_HI')!;
    expect(counts).toHaveLength(EMOTION_COUNT);
    const named = Object.fromEntries(EMOTIONS.map((emotion, k) => [emotion, counts[k]]));
    expect(named).toEqual({
      ...{ neutral: 2, calm: 0, happy: 0, sad: 0, angry: 6, fearful: 0, disgust: 1, surprised: 0 },
    });
  });

  it('takes columns in any order, and lines that end as on Windows', async () => {
    const votes = await read(
      'clip,sad,anger,neutral,happy,fear,disgust\r',
      '1001_IEO_ANG_HI,1,2,3,4,5,6\r',
    );
    const counts = votes.get('1001_IEO_ANG_HI')!;
    expect(counts[EMOTIONS.indexOf('sad')]).toBe(1);
    expect(counts[EMOTIONS.indexOf('disgust')]).toBe(6);
  });

  it('finds the file wherever it lies, and does without it', async () => {
    expect(await readVotes(folder, CLIPS)).toEqual(new Map());
    await mkdir(join(folder, 'below', 'it'), { recursive: true });
    await writeFile(
      join(folder, 'below/it/crema-d-votes.csv'),
      `${HEADER}\n1001_IEO_ANG_HI,1,0,0,0,0,0`,
    );
    expect((await readVotes(folder, CLIPS)).size).toBe(1);
  });

  it.each([
    ['a column is missing', 'clip,anger,disgust,fear,happy,neutral'],
    ['a column is of something else', 'clip,anger,disgust,fear,happy,neutral,calm'],
    ['it has no header', '1001_IEO_ANG_HI,6,1,0,0,2,0'],
    ['it is empty', ''],
  ])('says what the first line should be when %s', async (_, header) => {
    await expect(read(header)).rejects.toMatchObject(
      refusal('audio-unreadable', `begins with "${header}"`, `"${HEADER}"`),
    );
  });

  it('refuses a column that comes twice', async () => {
    const twice = 'clip,anger,anger,fear,happy,neutral,sad';
    await expect(read(twice)).rejects.toMatchObject(refusal('audio-unreadable', twice));
  });

  it.each([
    '1001_IEO_ANG_HI,6,1,0,0,2',
    '1001_IEO_ANG_HI,6,1,0,0,2,0,1',
    '1001_IEO_ANG_HI,6,1,0,0,two,0',
    '1001_IEO_ANG_HI,6,1,0,0,-2,0',
    '1001_IEO_ANG_HI',
  ])('names a line that cannot be read: %s', async (line) => {
    await expect(read(HEADER, '1002_TIE_NEU_XX,0,0,0,1,8,1', line)).rejects.toMatchObject(
      refusal('audio-unreadable', 'Line 3', `"${line}"`, 'Needed are a clip and 6 counts.'),
    );
  });

  it('says which clips are not there, and how many', async () => {
    const missing = ['1090_IEO_ANG_HI,6,1,0,0,2,0', '1091_IEO_ANG_HI,6,1,0,0,2,0'];
    await expect(read(HEADER, '1001_IEO_ANG_HI,6,1,0,0,2,0', ...missing)).rejects.toMatchObject(
      refusal('not-found', 'votes on 2 clips that are not below', '1090_IEO_ANG_HI among them'),
    );
  });
});
