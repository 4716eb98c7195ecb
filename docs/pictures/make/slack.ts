import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { type Laid, textMessage, verdictMessage } from '../../../bots/slack/blocks.ts';
import { EN } from '../../../bots/wording/en.ts';
import { wordVerdict } from '../../../bots/wording/verdict.ts';
import { classify } from '../../../core/classify.ts';
import { conversation, type Said } from './slack-look.ts';

const SAMPLES = fileURLToPath(new URL('../../../samples/', import.meta.url)).replace(
  /dist[/\\]/,
  '',
);

/** Widths in pixels of the column that Slack gives to messages. */
const DESK = 620;
const PHONE = 375;

/**
 * Photographs what the bot says in Slack, of verdicts of the model that ships, and writes slack-*.png. It
 * needs espeak-ng and ffmpeg for a note with more than one voice.
 *
 * @param folder where they go
 */
export async function photographSlack(folder: string, browser: Browser): Promise<void> {
  const plain = await readFile(join(SAMPLES, 'plain.ogg'));
  const clip = (duration: string): Said => ({ by: 'person', clip: { duration } });
  const bot = (message: Laid, isPrivate = false): Said => ({ by: 'bot', message, isPrivate });

  const verdict = conversation([clip('0:04'), bot(await heard(plain))]);
  const long = conversation([clip('0:16'), bot(await heard(await severalVoices()))]);
  const unsure = await heard(await readFile(join(SAMPLES, 'fast-high.ogg')), EN.notice);
  const uncertain = conversation([clip('0:03'), bot(unsure, true)]);
  const refusal = conversation([
    { by: 'person', text: '*@Undertone* how does this one sound?' },
    bot(textMessage(EN.errors['not-permitted']), true),
  ]);

  const take = async (name: string, html: string, look: Look) => {
    const context = await browser.newContext({
      viewport: { width: look.width, height: 200 },
      colorScheme: look.theme,
      deviceScaleFactor: 1.25,
    });
    const page = await context.newPage();
    await page.setContent(html);
    await page.locator('main').screenshot({ path: join(folder, `slack-${name}.png`) });
    await context.close();
  };
  await take('verdict', verdict, { width: DESK, theme: 'light' });
  await take('verdict-phone', verdict, { width: PHONE, theme: 'dark' });
  await take('timeline', long, { width: DESK, theme: 'dark' });
  await take('timeline-phone', long, { width: PHONE, theme: 'light' });
  await take('uncertain', uncertain, { width: DESK, theme: 'light' });
  await take('uncertain-phone', uncertain, { width: PHONE, theme: 'dark' });
  await take('refusal', refusal, { width: DESK, theme: 'dark' });
}

interface Look {
  readonly width: number;
  readonly theme: 'light' | 'dark';
}

async function heard(audio: Uint8Array, notice: string | null = null): Promise<Laid> {
  return verdictMessage({ words: wordVerdict(await classify(audio)), notice });
}

/** A note in which three voices speak one after another. */
async function severalVoices(): Promise<Uint8Array> {
  const work = await mkdtemp(join(tmpdir(), 'undertone-pictures-'));
  const at = (name: string) => join(work, name);
  const speak = (name: string, ...options: string[]) =>
    execFileSync('espeak-ng', ['-w', at(name), ...options]);
  try {
    speak(
      '1.wav',
      '-v',
      'en+f3',
      '-s',
      '150',
      'Everybody has been talking by the door all morning.',
    );
    speak(
      '2.wav',
      '-v',
      'en-us',
      '-s',
      '160',
      'The parcel has arrived, and the box is on the table.',
    );
    const pause = (i: number) => `[${i}]aresample=48000,apad=pad_dur=1.8[p${i}]`;
    execFileSync('ffmpeg', [
      ...['-loglevel', 'error', '-i', join(SAMPLES, 'plain.ogg')],
      ...['-i', at('1.wav'), '-i', at('2.wav'), '-filter_complex'],
      `${[0, 1, 2].map(pause).join(';')};[p0][p1][p2]concat=n=3:v=0:a=1`,
      ...['-ac', '1', at('note.wav')],
    ]);
    return await readFile(at('note.wav'));
  } finally {
    await rm(work, { recursive: true });
  }
}
