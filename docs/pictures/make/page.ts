import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { launchChromium } from '../../../bench/chromium.ts';
import { startServer } from '../../../cli/serve/server.ts';

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

    const onDevice = await open(browser, server.url, HAND);
    await onDevice.getByLabel('Analyze on this device').check();
    await onDevice.locator('.device-words', { hasText: /without a network\.$/ }).waitFor();
    await hear(onDevice, note);
    await onDevice.locator('.device').evaluate((place) => place.scrollIntoView());
    await write('on-device', onDevice);
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

/** Read by a synthesiser, which feels nothing; the options are those of espeak-ng. */
const SENTENCES = [
  ['-v', 'en+f2', '-s', '230', '-p', '99', 'Oh no, what is that behind you? Oh no, what is that?'],
  [
    '-v',
    'en-us',
    '-s',
    '160',
    '-p',
    '45',
    'The parcel has arrived, and the box is open on the table.',
  ],
  [
    '-v',
    'en+f3',
    '-s',
    '150',
    '-p',
    '60',
    'The kids are talking by the door, and I have told them so.',
  ],
];
/** Seconds of silence after a sentence. */
const PAUSE = 1.8;

/** Writes a note of three voices, with pauses between them, and returns its path. */
function speakNote(folder: string): string {
  const parts = SENTENCES.map((options, i) => {
    const path = join(folder, `${i}.wav`);
    execFileSync('espeak-ng', ['-w', path, ...options]);
    return path;
  });
  const note = join(folder, 'A morning in three voices.wav');
  const padded = parts.map((_, i) => `[${i}]aresample=48000,apad=pad_dur=${PAUSE}[p${i}]`);
  const joined = parts.map((_, i) => `[p${i}]`).join('');
  execFileSync('ffmpeg', [
    ...['-loglevel', 'error', '-y'],
    ...parts.flatMap((part) => ['-i', part]),
    ...['-filter_complex', `${padded.join(';')};${joined}concat=n=${parts.length}:v=0:a=1`],
    ...['-ac', '1', note],
  ]);
  return note;
}

/** Writes a screenshot (PNG) as WebP, in which text stays sharp at a third of the size. */
function writeWebp(png: Uint8Array, path: string): void {
  const options = ['-loglevel', 'error', '-f', 'png_pipe', '-i', 'pipe:', '-quality', '88'];
  execFileSync('ffmpeg', [...options, '-c:v', 'libwebp', '-y', path], { input: png });
}
