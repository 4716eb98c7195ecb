import { readFile } from 'node:fs/promises';
import type { Locator } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Segment, Verdict } from '../../core/index.ts';
import { voiceLike, wavFile } from '../fixtures/audio.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { canBrowse, visibleText } from './browser.ts';
import { file, LETTER, LONG, NOTE, QUIET, useVisit } from './visit.ts';

describe.skipIf(!canBrowse)('what the page answers', () => {
  // Sensitive, so that two stretches of a note differ; far from enough to change the favourite.
  useTinyModel({ favourite: 'surprised', sensitivity: 0.3 });
  const visit = useVisit();

  test('a chosen file gets its emotion, how sure that is, and all eight', async () => {
    await visit.open();
    await visit.choose(NOTE);
    const text = await visit.card('note.wav', 'heard');
    const [, sure] = /\nSurprised\n+(\d+%) sure/.exec(text) ?? [];
    const rows = await visit.page.locator('.all .bars li').allInnerTexts();
    expect(rows).toHaveLength(8);
    expect(rows[0].split(/\s+/)).toEqual(['surprised', sure]);
    expect(await visit.page.locator('.strip').isVisible()).toBe(false);
    const said = await visibleText(visit.page.locator('#status'));
    expect(said).toMatch(/^note\.wav: Surprised\. \d+% sure/);
    expect(visit.complaints).toEqual([]);
  });

  test('a dropped file is taken wherever it falls', async () => {
    await visit.open();
    await visit.drop(file('dropped.wav', NOTE.buffer));
    expect(await visit.card('dropped.wav', 'heard')).toContain('Surprised');
  });

  test('works from the keyboard alone', async () => {
    await visit.open();
    const { page } = visit;
    await page.locator('#record').focus();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').getAttribute('id')).toBe('file');
    expect(await page.getByLabel('Choose files').getAttribute('id')).toBe('file');
    // The dialog belongs to the system: that it would open is enough.
    await page.evaluate(`{
      const input = document.querySelector('#file');
      input.addEventListener('click', (event) => {
        event.preventDefault();
        input.dataset.opens = 'yes';
      });
    }`);
    await page.keyboard.press('Space');
    await page.locator('#file[data-opens=yes]').waitFor({ state: 'attached' });
    await visit.choose(NOTE);
    await visit.card('note.wav', 'heard');
    await page.locator('.wave').focus();
    await page.locator('[data-ready]').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.locator('.wave[aria-valuenow="1.0"]').waitFor();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
  });

  describe('a long note', () => {
    let stretches: readonly Segment[];

    beforeAll(async () => {
      const options = { method: 'POST', body: LONG.buffer };
      const answer = await fetch(`${visit.server.url}/v1/emotion`, options);
      ({ timeline: stretches = [] } = (await answer.json()) as Verdict);
    });

    async function hearLong(): Promise<void> {
      await visit.open();
      await visit.choose(LONG);
      await visit.card('long.wav', 'heard');
      await visit.page.locator('.wave').scrollIntoViewIfNeeded();
      await visit.page.locator('[data-ready]').waitFor();
    }

    /** What the bars say, by emotion. */
    async function bars(): Promise<Record<string, string>> {
      const rows = await visit.page.locator('.all .bars li').allInnerTexts();
      return Object.fromEntries(rows.map((row) => row.split(/\s+/)));
    }

    test('plays along: where it is, the stretch and its probabilities light up', async () => {
      await hearLong();
      const { page } = visit;
      const whole = await bars();
      const last = stretches[stretches.length - 1];
      const { width = 0 } = (await page.locator('.wave').boundingBox()) ?? {};
      const x = ((last.start + 1) / 20) * width;
      await page.locator('.wave').click({ position: { x, y: 20 } });
      expect(await position(page.locator('.wave'))).toBeCloseTo(last.start + 1, 0);
      expect(await bars()).toEqual(whole);
      await page.getByRole('button', { name: 'Play' }).click();
      await page.locator('.stretch.is-lit').waitFor();
      expect(await page.locator('.stretch').last().getAttribute('class')).toContain('is-lit');
      expect(await page.locator('.playhead').first().isVisible()).toBe(true);
      expect(await page.locator('.bars .is-lit .bar-name').innerText()).toBe('surprised');
      const shares = Object.entries(last.probabilities);
      const expected = shares.map(([emotion, share]) => [emotion, `${Math.round(share * 100)}%`]);
      expect(await bars()).toEqual(Object.fromEntries(expected));
      expect(await bars()).not.toEqual(whole);
      expect(await visibleText(page.locator('.scope'))).toMatch(/^from 0:1\d to 0:20$/);
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.locator('.stretch.is-lit').waitFor({ state: 'detached' });
      expect(await bars()).toEqual(whole);
      expect(visit.complaints).toEqual([]);
    });

    test('says so where nobody speaks', async () => {
      await hearLong();
      await visit.page.locator('.wave').focus();
      for (const key of ['Home', 'PageUp', 'PageUp']) await visit.page.keyboard.press(key);
      await visit.page.keyboard.press('Enter');
      await visit.page.getByText('no one is speaking here').waitFor();
      expect((await bars()).surprised).toBe('–');
    });

    test('can be walked and played from the keyboard', async () => {
      await hearLong();
      const { page } = visit;
      expect(stretches.length).toBeGreaterThan(1);
      expect(await page.locator('.stretch').count()).toBe(stretches.length);
      expect(await visibleText(page.locator('.shares'))).toBe('Of the speech: 100% surprised.');
      await page.locator('.stretch').first().focus();
      const detail = await visibleText(page.locator('.strip-detail'));
      expect(detail).toMatch(/^0:00 to 0:0\d: Surprised, \d\d%/);
      await page.keyboard.press('End');
      const focused = page.locator('.stretch:focus');
      expect(await focused.getAttribute('aria-label')).toMatch(/to 0:20: Surprised/);
      expect(await page.locator('.stretch[tabindex="0"]').count()).toBe(1);
      await page.keyboard.press('Enter');
      await page.locator('.stretch.is-lit').waitFor();
      expect(await position(page.locator('.wave'))).toBeGreaterThan(10);
      await page.keyboard.press('ArrowLeft');
      expect(await focused.getAttribute('aria-label')).not.toMatch(/0:20/);
    });

    test('is taken apart when somebody asks for it, on one axis that plays along', async () => {
      await hearLong();
      const { page } = visit;
      await page.getByText('See what it hears').click();
      await page.locator('[data-state=done]').waitFor();
      expect(visit.complaints).toEqual([]);
      const pictures = await page.evaluate<{ name: string; voice: number; pause: number }[]>(
        `[...document.querySelectorAll('[data-picture]')].map((canvas) => {
          const brightness = (share) => {
            const x = Math.floor(share * canvas.width);
            const { data } = canvas.getContext('2d').getImageData(x, 0, 1, canvas.height);
            return data.reduce((sum, value, i) => sum + (i % 4 === 3 ? 0 : value), 0);
          };
          return { name: canvas.dataset.picture, voice: brightness(0.15), pause: brightness(0.5) };
        })`,
      );
      expect(pictures.map(({ name }) => name)).toEqual(['mel', 'mfcc', 'chroma', 'contrast']);
      // The pause of eight seconds is dark in the spectrogram and empty in the others.
      for (const { voice, pause } of pictures) expect(voice).toBeGreaterThan(2 * pause);
      expect(await page.locator('.centroid-line').getAttribute('d')).toMatch(/^M.*L.*M/);
      const text = await visibleText(page.locator('.inspect-body'));
      for (const word of ['Mel spectrogram', 'centroid', 'MFCC', 'Chroma', 'Spectral contrast']) {
        expect(text).toContain(word);
      }
      await page.locator('.picture').first().click();
      await page.locator('.picture .playhead').first().waitFor();
    });
  });

  test('several files are heard in turn, and make a table', async () => {
    await visit.open();
    const { page } = visit;
    const formula = file('=1+1,"x";-2.wav', wavFile(voiceLike({ seconds: 1 })));
    await visit.choose(LETTER, NOTE, QUIET, formula);
    const letter = await visit.card('letter.txt', 'failed');
    expect(letter).toContain('This is text, not a recording. Supported formats: WAV');
    expect(letter).toMatch(/format-unsupported, request [0-9a-f-]{36}/);
    expect(await visit.card('quiet.wav', 'heard')).toMatch(
      /No speech\n+I can’t hear anyone speaking/,
    );
    await visit.card('=1+1', 'heard');
    const names = await page.locator('.card-name').allInnerTexts();
    expect(names).toEqual(['letter.txt', 'note.wav', 'quiet.wav', '=1+1,"x";-2.wav']);
    const rows = await page.locator('tbody tr').allInnerTexts();
    expect(rows[0]).toMatch(/^letter\.txt\s+format-unsupported/);
    expect(rows[1]).toMatch(/^note\.wav\s+Surprised\s+\d\d%\s+0:02$/);
    expect(rows[2]).toMatch(/^quiet\.wav\s+No speech/);

    const csv = (await downloaded('Download CSV')).split('\r\n');
    expect(csv).toEqual([
      'file,emotion,confidence,neutral,calm,happy,sad,angry,fearful,disgust,surprised,duration,error',
      'letter.txt,,,,,,,,,,,,format-unsupported',
      expect.stringMatching(/^note\.wav,surprised,0\.\d+,(0\.\d+,){8}2,$/),
      'quiet.wav,no-speech,0,,,,,,,,,2,',
      expect.stringMatching(/^"'=1\+1,""x"";'-2\.wav",surprised,/),
      '',
    ]);
    const json = JSON.parse(await downloaded('Download JSON'));
    expect(json[0]).toMatchObject({ file: 'letter.txt', error: { code: 'format-unsupported' } });
    expect(json[1]).toMatchObject({ file: 'note.wav', emotion: 'surprised', duration: 2 });
    expect(Object.keys(json[1].probabilities)).toHaveLength(8);

    await page.getByRole('button', { name: 'quiet.wav', exact: true }).click();
    expect(await page.locator('.card:focus .card-name').innerText()).toBe('quiet.wav');
    // The one complaint is Chromium's own line about the status 415.
    expect(visit.complaints).toEqual([expect.stringContaining('415')]);
  });

  async function downloaded(button: string): Promise<string> {
    const started = visit.page.waitForEvent('download');
    await visit.page.getByRole('button', { name: button }).click();
    return readFile(await (await started).path(), 'utf8');
  }

  test('a card can be removed, and the focus is not lost', async () => {
    await visit.open();
    const { page } = visit;
    await visit.choose(NOTE, QUIET);
    await visit.card('quiet.wav', 'heard');
    await page.getByRole('button', { name: 'Remove: note.wav' }).press('Enter');
    expect(await page.locator('.card-name').allInnerTexts()).toEqual(['quiet.wav']);
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Remove: quiet.wav');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('file');
  });

  test('says what it is, what it is not, and how far to trust it', async () => {
    await visit.open();
    const text = await visibleText(visit.page.locator('body'));
    expect(text).toContain('Nothing is kept, nothing is shared');
    expect(text).toContain('Article 5(1)(f)');
    expect(text).toMatch(/61%\s+of 1,440 recordings right/);
    expect(text).toContain('five folds by actor, speech only');
    expect(text).toContain('one time in 8');
    expect(text).toContain('It was never trained.');
    await visit.page.getByRole('link', { name: 'How far to trust it' }).click();
    expect(new URL(visit.page.url()).hash).toBe('#trust');
  });

  test('sends the form where scripts are off', async () => {
    const context = await visit.browser.newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();
    await plain.goto(visit.server.url);
    expect(await plain.locator('#record').isVisible()).toBe(false);
    await plain.locator('#file').setInputFiles(NOTE);
    await plain.getByRole('button', { name: 'Send the chosen file' }).click();
    await plain.waitForURL('**/v1/emotion');
    expect(await visibleText(plain.locator('body'))).toContain('"emotion":"surprised"');
    await context.close();
  });
});

/** Seconds at which a slider stands. */
async function position(slider: Locator): Promise<number> {
  return Number(await slider.getAttribute('aria-valuenow'));
}
