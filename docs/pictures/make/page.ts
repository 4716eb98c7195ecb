import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { launchChromium } from '../../../bench/chromium.ts';
import { startServer } from '../../../cli/serve/server.ts';
import { speakNote } from './voices.ts';
import { writeWebp } from './webp.ts';

const DESK: BrowserContextOptions = { viewport: { width: 1100, height: 860 } };
const HAND: BrowserContextOptions = { viewport: { width: 390, height: 780 } };

/** Photographs the page on a desk and on a phone, in both themes, and writes page-*.webp. */
export async function photographPage(folder: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'undertone-pictures-'));
  const note = speakNote(work);
  const server = await startServer({ port: 0, host: '127.0.0.1' });
  const browser = await launchChromium({ microphone: note });
  const write = async (name: string, picture: Page | Locator) =>
    writeWebp(await picture.screenshot(), join(folder, `page-${name}.webp`));
  try {
    const empty = await open(browser, server.url, DESK);
    await write('empty', empty);

    const played = await open(browser, server.url, { ...DESK, colorScheme: 'dark' });
    await hear(played, note);
    await played.locator('.stretch').nth(1).click();
    await played.waitForTimeout(1500);
    await played.getByRole('button', { name: 'Pause' }).hover();
    await write('timeline', played.locator('.card'));

    const inspected = await open(browser, server.url, DESK);
    await hear(inspected, note);
    await inspected.getByText('See what it hears').click();
    await inspected.locator('[data-state=done]').waitFor();
    await write('sound', inspected.locator('.inspect'));

    const live = await open(browser, server.url, { ...HAND, colorScheme: 'dark' });
    await live.getByRole('button', { name: 'Listen live' }).click();
    await live.waitForTimeout(14_000);
    await write('live', live);
  } finally {
    await browser.close();
    await server.close();
    await rm(work, { recursive: true });
  }
}

async function open(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({
    ...options,
    permissions: ['microphone'],
    // What moves would be caught half-way.
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('[data-figures]').waitFor();
  return page;
}

async function hear(page: Page, note: string): Promise<void> {
  await page.locator('#file').setInputFiles(note);
  await page.locator('[data-state=heard]').waitFor();
  await page.locator('.wave').scrollIntoViewIfNeeded();
  await page.locator('[data-ready]').waitFor();
}
