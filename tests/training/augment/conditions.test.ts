import { describe, expect, test } from 'vitest';
import {
  activeLevel,
  applyCondition,
  CONDITIONS,
  type ConditionName,
  pinkNoise,
  whiteNoise,
} from '../../../training/augment/index.ts';
import { createRandom } from '../../../training/random.ts';
import { voiceLike } from '../../fixtures/audio.ts';
import { hasFfmpeg } from '../../fixtures/encode.ts';
import { decibels, lagOf, subtract } from './measure.ts';

const clips = [1, 2, 3].map((seed) => voiceLike({ seconds: 1 + seed / 7, seed, amplitude: 0.3 }));
const noises = [whiteNoise(30_000, createRandom(1)), pinkNoise(30_000, createRandom(2))];
const names = (Object.keys(CONDITIONS) as ConditionName[]).filter(
  (name) => hasFfmpeg || name !== 'opus-16',
);

describe.each(names)('%s', (name) => {
  test('gives each clip back in its length and time, the same each time', async () => {
    const out = await applyCondition(name, clips, { noises });
    expect(out.map(({ length }) => length)).toEqual(clips.map(({ length }) => length));
    for (const [i, clip] of clips.entries()) {
      expect(lagOf(out[i], clip)).toBe(0);
      if (name === 'clean') expect(out[i]).toEqual(clip);
      else expect(out[i]).not.toEqual(clip);
    }
    expect(await applyCondition(name, clips, { noises })).toEqual(out);
  });
});

test('noise lies 10 dB below each clip and depends on its index only', async () => {
  const out = await applyCondition('noise-10-db', clips, { noises });
  for (const [i, clip] of clips.entries()) {
    const ratio = (activeLevel(clip) ?? 0) / (activeLevel(subtract(out[i], clip)) ?? 1);
    expect(Math.abs(decibels(ratio) - 10)).toBeLessThan(0.2);
  }
  const last = await applyCondition('noise-10-db', clips.slice(2), { noises }, 2);
  expect(last[0]).toEqual(out[2]);
});

test('gains are those of their names', async () => {
  const [quiet] = await applyCondition('gain-minus-40-db', clips, { noises });
  expect(decibels((activeLevel(quiet) ?? 0) / (activeLevel(clips[0]) ?? 1))).toBeCloseTo(-40, 0);
  const [loud] = await applyCondition('gain-plus-20-db', clips, { noises });
  expect(Math.max(...loud)).toBeCloseTo(1, 3);
  expect(loud[100]).toBeCloseTo(Math.max(-1, Math.min(1, 10 * clips[0][100])), 3);
});

test('noise without noises is refused', async () => {
  await expect(applyCondition('noise-10-db', clips, { noises: [] })).rejects.toThrow(RangeError);
});
