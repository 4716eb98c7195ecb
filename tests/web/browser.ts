import { existsSync } from 'node:fs';
import { type Browser, chromium, type Locator } from 'playwright-core';

const CHROMIUM_PATH = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const hasChromium = existsSync(CHROMIUM_PATH);

/** Tests of the page are left out on a machine without Chromium, but never where CI says it is one. */
export const canBrowse = hasChromium || process.env.CI === 'true';

/** Starts Chromium without a window and without anything that goes out to the network by itself. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM_PATH,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Returns the text of the elements as a visitor sees it: without what is hidden, line by line. */
export async function visibleText(elements: Locator): Promise<string> {
  return (await elements.allInnerTexts()).join('\n');
}
