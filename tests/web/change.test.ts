import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { joined, wavFile } from '../fixtures/audio.ts';
import { voiceOf, writePitchModel } from '../fixtures/pitch-model.ts';
import { canBrowse, visibleText } from './browser.ts';
import { file, NOTE, useVisit } from './visit.ts';

describe.skipIf(!canBrowse)('a note that changes', () => {
  let model: string;
  beforeAll(async () => {
    model = await writePitchModel();
    process.env.UNDERTONE_MODEL = model;
  });
  afterAll(async () => {
    delete process.env.UNDERTONE_MODEL;
    await rm(model, { recursive: true });
  });
  const visit = useVisit();

  test('is headed by its emotions in order, each in its own colour', async () => {
    await visit.open();
    const { page } = visit;
    const changing = wavFile(joined(voiceOf('sad', 6), voiceOf('happy', 6)));
    await visit.choose(file('changing.wav', changing), NOTE);
    const card = await visit.card('changing.wav', 'heard');
    expect(card).toMatch(
      /Sad,\s+then happy\s+The voice changes along the way\. Taken as a whole, the best guess is \w+, at \d+%\./,
    );
    const parts = page.locator('.card', { hasText: 'changing.wav' }).locator('.emotion span');
    const labels = await parts.evaluateAll((all) => all.map((part) => part.dataset.emotion));
    expect(labels).toEqual(['sad', 'happy']);

    await visit.card('note.wav', 'heard');
    const row = page.locator('#table tbody tr', { hasText: 'changing.wav' });
    expect(await visibleText(row)).toMatch(/changing\.wav\s+Sad, then happy\s+–/);
    expect(visit.complaints).toEqual([]);
  });
});
