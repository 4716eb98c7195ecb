import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { hasChromium, launchChromium } from '../../bench/chromium.ts';
import { voiceLike, wavFile } from '../fixtures/audio.ts';

/** Tests of pages are left out on a machine without Chromium, but never where CI says it is one. */
export const canBrowse = hasChromium || process.env.CI === 'true';

/** The browsers of this process. Modules are loaded anew for each test file; these stay. */
const shared = globalThis as {
  silentBrowser?: Promise<Browser>;
  hearingBrowser?: Promise<Browser>;
};

/**
 * Gives all tests of a file a browser, which they share with the other files of their process: starting
 * one takes longer than most tests. What the file has opened is closed after its last test; the browser
 * ends with the process.
 *
 * @param hasMicrophone whether there is a microphone, which plays a voice
 * @example
 * const browser = useBrowser();
 * test('…', async () => {
 *   const page = await browser().newPage();
 * });
 */
export function useBrowser({ hasMicrophone = false } = {}): () => Browser {
  let browser: Browser;
  beforeAll(async () => {
    if (hasMicrophone) shared.hearingBrowser ??= launchChromium({ microphone: microphone() });
    else shared.silentBrowser ??= launchChromium();
    browser = await (hasMicrophone ? shared.hearingBrowser : shared.silentBrowser)!;
  });
  afterAll(async () => {
    await Promise.all((browser?.contexts() ?? []).map((context) => context.close()));
  });
  return () => browser;
}

/** Returns the path of a voice that lasts as long as the process. */
function microphone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-microphone-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  const path = join(folder, 'voice.wav');
  const sampleRate = 48_000;
  writeFileSync(path, wavFile(voiceLike({ seconds: 8, sampleRate }), { sampleRate }));
  return path;
}

/** Returns the text of the elements as a visitor sees it: without what is hidden, line by line. */
export async function visibleText(elements: Locator): Promise<string> {
  return (await elements.allInnerTexts()).join('\n');
}
