import type { Locator } from 'playwright-core';
import { hasChromium } from '../../bench/chromium.ts';

/** Tests of pages are left out on a machine without Chromium, but never where CI says it is one. */
export const canBrowse = hasChromium || process.env.CI === 'true';

/** Returns the text of the elements as a visitor sees it: without what is hidden, line by line. */
export async function visibleText(elements: Locator): Promise<string> {
  return (await elements.allInnerTexts()).join('\n');
}
