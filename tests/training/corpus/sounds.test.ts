import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ESC_10_CATEGORIES, findSounds, soundOf } from '../../../training/corpus/sounds.ts';
import { wavFile, whiteNoise } from '../../fixtures/audio.ts';

const FILES = [
  'esc-10/rain/2-117615-C.ogg',
  'esc-10/rain/2-117615-C.wav',
  'esc-10/baby-cry/1-187207-A.ogg',
  'ESC-50/audio/1-100032-A-0.wav',
  'ESC-50/audio/5-9032-B-49.wav',
  'old/001 - Dog bark/3-30226-A.wav',
  'esc-10/rain/6-117615-C.ogg',
  'esc-10/rain/notes.txt',
  'ESC-50/audio/1-100032-A-50.wav',
];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-sounds-'));
  for (const file of FILES) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), wavFile(whiteNoise({ seconds: 0.1 })));
  }
});

afterAll(() => rm(folder, { recursive: true }));

test('finds sounds in every layout, each once in its best format', async () => {
  const { sounds, others } = await findSounds(folder);
  expect(sounds).toEqual([
    {
      path: join(folder, FILES[3]),
      ...{ id: '1-100032-A', category: 'dog-bark', fold: 1, source: '100032' },
    },
    {
      path: join(folder, FILES[2]),
      ...{ id: '1-187207-A', category: 'baby-cry', fold: 1, source: '187207' },
    },
    {
      path: join(folder, FILES[1]),
      ...{ id: '2-117615-C', category: 'rain', fold: 2, source: '117615' },
    },
    {
      path: join(folder, FILES[5]),
      ...{ id: '3-30226-A', category: 'dog-bark', fold: 3, source: '30226' },
    },
    {
      path: join(folder, FILES[4]),
      ...{ id: '5-9032-B', category: 'hand-saw', fold: 5, source: '9032' },
    },
  ]);
  expect(others.sort()).toEqual([FILES[8], FILES[6], FILES[7]].map((f) => join(folder, f)).sort());
});

test('numbers of ESC-50 and folders of ESC-10 name the same ten classes', () => {
  // The numbers of the ten in the table that ESC-50 comes with.
  const targets = [20, 41, 38, 0, 12, 40, 21, 10, 1, 11];
  const named = targets.map((target) => soundOf(`audio/1-1-A-${target}.wav`)?.category);
  expect(named).toEqual(ESC_10_CATEGORIES);
  const all = Array.from({ length: 50 }, (_, i) => soundOf(`audio/1-1-A-${i}.wav`)?.category);
  expect(new Set(all).size).toBe(50);
  expect(all).not.toContain(undefined);
});
