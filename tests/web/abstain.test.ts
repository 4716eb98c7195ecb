import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { writeTinyModel } from '../fixtures/model.ts';
import { canBrowse, visibleText } from './browser.ts';
import { NOTE, useVisit } from './visit.ts';

describe.skipIf(!canBrowse)('the page, when there is no emotion to show', () => {
  const visit = useVisit();

  /** Returns the text of the whole page once a note has got its answer. */
  async function heardWith(model: string, state: 'heard' | 'failed'): Promise<string> {
    process.env.UNDERTONE_MODEL = model;
    await visit.open();
    await visit.choose(NOTE);
    await visit.card('note.wav', state);
    return visibleText(visit.page.locator('body'));
  }

  // This one comes first: a model that was loaded once stays.
  test('says what is wrong where the model is missing', async () => {
    const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const none = await mkdtemp(join(tmpdir(), 'undertone-none-'));
    const text = await heardWith(none, 'failed');
    expect(text).toMatch(
      /No answer\n+\S+emotion\.json cannot be read \(ENOENT\)\..*\n+model-invalid, request/,
    );
    expect(text).toMatch(/How far to trust it\n+\S+emotion\.json cannot be read/);
    log.mockRestore();
    await rm(none, { recursive: true });
  });

  test('says uncertain, with the best guess and the rule', async () => {
    const unsure = await writeTinyModel({ favourite: 'sad', confidence: 0.3, threshold: 0.45 });
    const text = await heardWith(unsure, 'heard');
    expect(text).toMatch(/Uncertain\n+No emotion stands out: the best guess is sad, at 30%\./);
    expect(text).toContain('Below 45% it doesn’t name one.');
    await rm(unsure, { recursive: true });
  });
});
