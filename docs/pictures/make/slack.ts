import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { type Laid, textMessage, verdictMessage } from '../../../bots/slack/blocks.ts';
import { EN } from '../../../bots/wording/en.ts';
import { wordVerdict } from '../../../bots/wording/verdict.ts';
import type { Verdict } from '../../../core/index.ts';
import { LONG_NOTE, SHORT_NOTE, UNCERTAIN_NOTE } from './examples.ts';
import { conversation, type Said } from './slack-look.ts';

/** Widths in pixels of the column that Slack gives to messages. */
const DESK = 620;
const PHONE = 375;

interface Look {
  readonly width: number;
  readonly theme: 'light' | 'dark';
}

/**
 * Photographs what the bot says in Slack, from the blocks that it sends, and writes slack-*.png.
 *
 * @param folder where they go
 */
export async function photographSlack(folder: string, browser: Browser): Promise<void> {
  const take = async (name: string, said: readonly Said[], { width, theme }: Look) => {
    const viewport = { width, height: 200 };
    const options = { viewport, colorScheme: theme, deviceScaleFactor: 1.25 };
    const page = await browser.newPage(options);
    await page.setContent(conversation(said));
    await page.locator('main').screenshot({ path: join(folder, `slack-${name}.png`) });
    await page.close();
  };

  const verdict = [clip('0:03'), bot(laid(SHORT_NOTE))];
  await take('verdict', verdict, { width: DESK, theme: 'light' });
  await take('verdict-phone', verdict, { width: PHONE, theme: 'dark' });

  const long = [clip('0:34'), bot(laid(LONG_NOTE))];
  await take('timeline', long, { width: DESK, theme: 'dark' });
  await take('timeline-phone', long, { width: PHONE, theme: 'light' });

  const uncertain = [clip('0:04'), bot(laid(UNCERTAIN_NOTE, EN.notice), true)];
  await take('uncertain', uncertain, { width: DESK, theme: 'light' });
  await take('uncertain-phone', uncertain, { width: PHONE, theme: 'dark' });

  const refusal: Said[] = [
    { by: 'person', text: '*@Undertone* how does this one sound?' },
    bot(textMessage(EN.errors['not-permitted']), true),
  ];
  await take('refusal', refusal, { width: DESK, theme: 'dark' });
}

function clip(duration: string): Said {
  return { by: 'person', clip: { duration } };
}

function bot(message: Laid, isPrivate = false): Said {
  return { by: 'bot', message, isPrivate };
}

function laid(verdict: Verdict, notice: string | null = null): Laid {
  return verdictMessage({ words: wordVerdict(verdict), notice });
}
