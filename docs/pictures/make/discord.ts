import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { textEmbed, verdictEmbed } from '../../../bots/discord/embed.ts';
import { type MessageBody, message } from '../../../bots/discord/reply.ts';
import { EN } from '../../../bots/wording/en.ts';
import { wordVerdict } from '../../../bots/wording/verdict.ts';
import type { Verdict } from '../../../core/index.ts';
import { conversation } from './discord-look.ts';
import { LONG_NOTE, SHORT_NOTE, UNCERTAIN_NOTE } from './examples.ts';

/** Widths in pixels of the column that Discord gives to messages. */
const DESK = 540;
const PHONE = 360;

interface Look {
  readonly width: number;
  readonly theme: 'light' | 'dark';
}

/**
 * Photographs what the bot says in Discord, from the embeds that it sends, and writes discord-*.png.
 *
 * @param folder where they go
 */
export async function photographDiscord(folder: string, browser: Browser): Promise<void> {
  const take = async (name: string, html: string, { width, theme }: Look) => {
    const context = await browser.newContext({
      viewport: { width, height: 200 },
      colorScheme: theme,
      deviceScaleFactor: 1.5,
    });
    const page = await context.newPage();
    await page.setContent(html);
    await page.locator('main').screenshot({ path: join(folder, `discord-${name}.png`) });
    await context.close();
  };
  const above = '**@anna** 🎙 Voice message';
  const voice = (duration: string) => ({ by: 'person', voice: { duration } }) as const;

  const verdict = conversation([voice('0:03'), { by: 'bot', above, message: reply(SHORT_NOTE) }]);
  await take('verdict', verdict, { width: DESK, theme: 'dark' });
  await take('verdict-phone', verdict, { width: PHONE, theme: 'light' });

  const long = conversation([voice('0:34'), { by: 'bot', above, message: reply(LONG_NOTE) }]);
  await take('timeline', long, { width: DESK, theme: 'light' });
  await take('timeline-phone', long, { width: PHONE, theme: 'dark' });

  const used = '**@anna** used **Read emotion**';
  const uncertain = conversation([
    voice('0:04'),
    { by: 'bot', above: used, message: reply(UNCERTAIN_NOTE), isPrivate: true },
  ]);
  await take('uncertain', uncertain, { width: DESK, theme: 'dark' });

  const notice = message([textEmbed(EN.notice)]);
  await take(
    'notice',
    conversation([{ by: 'bot', above: used, message: notice, isPrivate: true }]),
    { width: DESK, theme: 'dark' },
  );

  const refusal = conversation([
    {
      by: 'bot',
      above: used,
      message: message([textEmbed(EN.errors['not-permitted'])]),
      isPrivate: true,
    },
  ]);
  await take('refusal', refusal, { width: DESK, theme: 'light' });
}

function reply(verdict: Verdict): MessageBody {
  return message([verdictEmbed(wordVerdict(verdict))]);
}
