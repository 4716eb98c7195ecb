import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../cli/serve/server.ts';
import { silence, twoStretches, voiceLike, wavFile } from '../fixtures/audio.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { canBrowse, launchChromium, visibleText } from './browser.ts';
import { contrastFailures } from './contrast.ts';

const LIGHT: BrowserContextOptions = { viewport: { width: 1100, height: 900 } };
const DARK: BrowserContextOptions = { ...LIGHT, colorScheme: 'dark' };
const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 }, hasTouch: true };

const NOTE = file('note.wav', wavFile(voiceLike({ seconds: 2 })));
const LETTER = file('letter.txt', Buffer.from('Hello'));
const QUIET = file('quiet.wav', wavFile(silence({ seconds: 2 })));
/** Two stretches with a pause between them, so that the timeline has two entries at least. */
const LONG = file('long.wav', wavFile(twoStretches()));

function file(name: string, bytes: Uint8Array) {
  return { name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) };
}

describe.skipIf(!canBrowse)('the page in Chromium', () => {
  useTinyModel({ favourite: 'surprised' });

  let server: RunningServer;
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    server = await startServer({ port: 0, host: '127.0.0.1' });
    browser = await launchChromium();
  });

  afterEach(() => page.context().close());

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Opens the page; whatever the browser complains of, refused by the policy or not, is kept. */
  async function open(options: BrowserContextOptions = LIGHT): Promise<void> {
    const context = await browser.newContext(options);
    page = await context.newPage();
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() !== 'log') complaints.push(message.text());
    });
    page.on('request', (request) => {
      const isOurs = request.url().startsWith(server.url) || request.url().startsWith('blob:');
      if (!isOurs) complaints.push(`request to ${request.url()}`);
    });
    await page.goto(server.url);
    await page.locator('.figures').waitFor();
  }

  async function choose(...files: (typeof NOTE)[]): Promise<void> {
    await page.locator('#file').setInputFiles(files);
  }

  /** Waits until the card of a file has reached a state, and returns its text. */
  async function card(name: string, state: 'heard' | 'failed'): Promise<string> {
    const element = page.locator(`[data-state=${state}]`, { hasText: name });
    await element.waitFor();
    return visibleText(element);
  }

  test('a chosen file gets its emotion, how sure that is, and all eight', async () => {
    await open();
    await choose(NOTE);
    const text = await card('note.wav', 'heard');
    expect(text).toMatch(/\nSurprised\n+70% sure/);
    const bars = await page.locator('.bars li').allInnerTexts();
    expect(bars.map((bar) => bar.split(/\s+/))).toHaveLength(8);
    expect(bars[0].split(/\s+/)).toEqual(['surprised', '70%']);
    expect(await page.locator('.timeline').isVisible()).toBe(false);
    expect(await visibleText(page.locator('#status'))).toMatch(/^note\.wav: Surprised\. 70% sure/);
    expect(complaints).toEqual([]);
  });

  test('a dropped file is taken wherever it falls', async () => {
    await open();
    const bytes = NOTE.buffer.toString('base64');
    await page.evaluate(`{
      const bytes = Uint8Array.from(atob('${bytes}'), (c) => c.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], 'dropped.wav'));
      for (const type of ['dragenter', 'dragover', 'drop']) {
        const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector('h1').dispatchEvent(event);
        if (type !== 'dragenter' && !event.defaultPrevented) throw new Error('the browser would open it');
      }
    }`);
    expect(await card('dropped.wav', 'heard')).toContain('Surprised');
  });

  test('the recording can be played', async () => {
    await open();
    await choose(NOTE);
    await card('note.wav', 'heard');
    const duration = await page.evaluate(`new Promise((resolve) => {
      const audio = document.querySelector('audio');
      if (audio.readyState > 0) resolve(audio.duration);
      audio.addEventListener('loadedmetadata', () => resolve(audio.duration));
    })`);
    expect(duration).toBe(2);
    expect(complaints).toEqual([]);
  });

  test('several files are heard in turn; each error is the sentence of the API', async () => {
    await open();
    await choose(LETTER, NOTE, QUIET);
    const letter = await card('letter.txt', 'failed');
    expect(letter).toContain('This is text, not a recording. Accepted are WAV');
    expect(letter).toMatch(/format-unsupported, request [0-9a-f-]{36}/);
    expect(await card('quiet.wav', 'heard')).toMatch(/No speech\n+Nobody seems to speak/);
    const names = await page.locator('.card-name').allInnerTexts();
    expect(names).toEqual(['letter.txt', 'note.wav', 'quiet.wav']);
    // The one complaint is Chromium's own line about the status 415.
    expect(complaints).toEqual([expect.stringContaining('415')]);
  });

  test('a server that has gone is told', async () => {
    await open();
    await page.context().setOffline(true);
    await choose(NOTE);
    expect(await card('note.wav', 'failed')).toContain('the server does not answer');
  });

  test('a long note has a timeline that the keyboard can walk and play', async () => {
    await open();
    await choose(LONG);
    await card('long.wav', 'heard');
    const stretches = page.locator('.stretch');
    expect(await stretches.count()).toBeGreaterThan(1);
    expect(await visibleText(page.locator('.shares'))).toBe('Of the speech: 100% surprised.');
    await stretches.first().focus();
    expect(await visibleText(page.locator('.strip-detail'))).toMatch(
      /^0:00 to 0:0\d: Surprised, 70%/,
    );
    await page.keyboard.press('End');
    const last = page.locator('.stretch:focus');
    expect(await last.getAttribute('aria-label')).toMatch(/to 0:20: Surprised/);
    expect(await page.locator('.stretch[tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.locator('.playhead').waitFor();
    expect(await page.evaluate(`document.querySelector('audio').currentTime`)).toBeGreaterThan(10);
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('.stretch:focus').getAttribute('aria-label')).not.toMatch(/0:20/);
  });

  test('a card can be removed, and the focus is not lost', async () => {
    await open();
    await choose(NOTE, QUIET);
    await card('quiet.wav', 'heard');
    await page.getByRole('button', { name: 'Remove note.wav' }).press('Enter');
    expect(await page.locator('.card-name').allInnerTexts()).toEqual(['quiet.wav']);
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Remove quiet.wav');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('file');
  });

  test('a card that is removed while it waits is not sent', async () => {
    await open();
    let sent = 0;
    await page.route('**/v1/emotion', async (route) => {
      sent++;
      if (sent === 1) await page.getByRole('button', { name: 'Remove quiet.wav' }).click();
      await route.continue();
    });
    await choose(NOTE, QUIET, LETTER);
    await card('letter.txt', 'failed');
    expect(sent).toBe(2);
  });

  test('says what it is, what it is not, and how far to trust it', async () => {
    await open();
    const text = await visibleText(page.locator('body'));
    expect(text).toContain('Nothing is stored, nothing is shared');
    expect(text).toContain('Article 5(1)(f)');
    expect(text).toMatch(/61%\s+of 1,440 recordings right/);
    expect(text).toContain('five folds by actor, speech only');
    expect(text).toContain('one time in 8');
    expect(text).toContain('It was never trained.');
  });

  test('works from the keyboard alone', async () => {
    await open();
    await page.keyboard.press('Tab');
    const input = page.getByLabel(/Drop a voice note here/);
    expect(await input.getAttribute('id')).toBe('file');
    expect(await page.locator(':focus').getAttribute('id')).toBe('file');
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
    await choose(NOTE);
    expect(await card('note.wav', 'heard')).toContain('Surprised');
  });

  test('sends the form where scripts are off', async () => {
    await open();
    const context = await browser.newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();
    await plain.goto(server.url);
    await plain.locator('#file').setInputFiles(NOTE);
    await plain.getByRole('button', { name: 'Send the chosen file' }).click();
    await plain.waitForURL('**/v1/emotion');
    expect(await visibleText(plain.locator('body'))).toContain('"emotion":"surprised"');
    await context.close();
  });

  test.each([
    ['light', LIGHT],
    ['dark', DARK],
  ])('has the contrast of WCAG 2.2 AA in %s', async (_, options) => {
    await open({ ...options, reducedMotion: 'reduce' });
    await choose(NOTE, QUIET, LETTER, LONG);
    await card('long.wav', 'heard');
    expect(await contrastFailures(page)).toEqual([]);
  });

  test('fits a phone without scrolling sideways', async () => {
    await open(PHONE);
    await choose(LONG, LETTER);
    await card('letter.txt', 'failed');
    const widths = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
    expect(widths).toEqual([360, 360]);
    for (const box of await page.locator('button:visible').all()) {
      expect((await box.boundingBox())?.height).toBeGreaterThanOrEqual(24);
      expect((await box.boundingBox())?.width).toBeGreaterThanOrEqual(24);
    }
  });
});
