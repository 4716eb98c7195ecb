/**
 * Makes the pictures of docs/pictures anew, each from the running program:
 *
 *   npm run docs:pictures
 *
 * It needs Chromium, espeak-ng and ffmpeg.
 */
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../../../bench/chromium.ts';
import { photographDiscord } from './discord.ts';
import { photographPage } from './page.ts';
import { photographSlack } from './slack.ts';

const folder = fileURLToPath(new URL('..', import.meta.url)).replace(/dist[/\\]/, '');
await photographPage(folder);

const browser = await launchChromium();
try {
  await photographDiscord(folder, browser);
  await photographSlack(folder, browser);
} finally {
  await browser.close();
}
