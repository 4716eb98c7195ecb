import { join } from 'node:path';
import type { APIEmbed } from 'discord-api-types/v10';
import type { Browser } from 'playwright-core';
import { type MessageBody, message, textEmbed, verdictEmbed } from '../../../bots/discord/reply.ts';
import { EN } from '../../../bots/wording/languages.ts';
import { wordVerdict } from '../../../bots/wording/verdict.ts';
import type { Verdict } from '../../../core/index.ts';
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

/** One message of a conversation as Discord shows it. */
type Shown =
  | { readonly by: 'person'; readonly voice: { readonly duration: string } }
  | {
      readonly by: 'bot';
      readonly message: MessageBody;
      /** What stands above it: that it replies to a message, or that a command was used. */
      readonly above: string;
      readonly isPrivate?: boolean;
    };

/** Returns a page that looks like a conversation in Discord; the colour scheme decides the theme. */
function conversation(messages: readonly Shown[]): string {
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><main>${messages
    .map((shown) => (shown.by === 'person' ? person(shown.voice.duration) : bot(shown)))
    .join('')}</main>`;
}

function person(duration: string): string {
  const bars = Array.from({ length: 34 }, (_, i) => 4 + Math.abs(Math.sin(i * 1.7) * 18));
  const wave = bars.map((height) => `<i style="height:${height.toFixed(0)}px"></i>`).join('');
  const voice = `<div class="voice"><b>▶</b><span class="wave">${wave}</span><small>${duration}</small></div>`;
  return row({ avatar: 'A', hue: '#5865f2', name: 'anna', isApp: false, body: voice });
}

function bot({ message, above, isPrivate = false }: Extract<Shown, { by: 'bot' }>): string {
  const { content, embeds } = message;
  const text = content ? `<p>${markdown(content)}</p>` : '';
  const only = isPrivate
    ? '<div class="only">👁 Only you can see this · <a>Dismiss message</a></div>'
    : '';
  const body = text + embeds.map(embed).join('') + only;
  return row({ avatar: 'U', hue: '#8e5bc9', name: 'Undertone', isApp: true, body, above });
}

interface Row {
  readonly avatar: string;
  readonly hue: string;
  readonly name: string;
  readonly isApp: boolean;
  readonly body: string;
  readonly above?: string;
}

function row({ avatar, hue, name, isApp, body, above }: Row): string {
  const badge = isApp ? '<span class="app">APP</span>' : '';
  const line = above ? `<div class="above"><i></i>${markdown(above)}</div>` : '';
  return `<article>${line}<div class="avatar" style="background:${hue}">${avatar}</div>
    <header><b>${name}</b>${badge}<time>Today at 12:30</time></header>${body}</article>`;
}

function embed({ color = 0, title, description, fields = [], footer }: APIEmbed): string {
  const parts = [
    title && `<h1>${markdown(title)}</h1>`,
    description && `<p>${markdown(description)}</p>`,
    ...fields.map(({ name, value }) => `<h2>${markdown(name)}</h2><p>${markdown(value)}</p>`),
    footer && `<footer>${markdown(footer.text)}</footer>`,
  ];
  const border = `#${color.toString(16).padStart(6, '0')}`;
  return `<section style="border-color:${border}">${parts.filter(Boolean).join('')}</section>`;
}

/** The part of Discord's Markdown that the bot uses, and its own pictures for emoji. */
function markdown(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replace(/\*([^*]+)\*/g, '<em>$1</em>')
    .replace(/\p{Emoji_Presentation}|▫️/gu, '<span class="emoji">$&</span>')
    .replace(/\n/g, '<br>');
}

const STYLE = `
:root { --page: #fff; --box: #f2f3f5; --text: #2e3035; --head: #060607; --quiet: #5c5e66;
  --code: #e3e5e8; --line: #e1e2e4; --voice: #f2f3f5; --link: #006ce7 }
@media (prefers-color-scheme: dark) { :root { --page: #313338; --box: #2b2d31; --text: #dbdee1;
  --head: #f2f3f5; --quiet: #949ba4; --code: #1e1f22; --line: #4e5058; --voice: #2b2d31;
  --link: #00a8fc } }
* { box-sizing: border-box; margin: 0 }
body { background: var(--page); color: var(--text);
  font: 16px/1.375 Inter, 'Helvetica Neue', Arial, 'Noto Color Emoji', sans-serif }
main { padding: 14px 14px 18px; background: var(--page) }
article { position: relative; padding-left: 54px; margin-top: 14px; min-height: 42px }
article:first-child { margin-top: 0 }
.avatar { position: absolute; left: 0; width: 40px; height: 40px; border-radius: 50%;
  color: #fff; font-weight: 600; text-align: center; line-height: 40px }
header { line-height: 22px }
header b { color: var(--head); font-weight: 500 }
header time { color: var(--quiet); font-size: 12px; margin-left: 8px }
.app { background: #5865f2; color: #fff; font-size: 10px; font-weight: 600; border-radius: 4px;
  padding: 2px 5px; margin-left: 5px; vertical-align: 2px }
.above { position: relative; color: var(--quiet); font-size: 13px; margin-bottom: 4px;
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
.above i { display: none }
article .above { margin-left: -18px; padding-left: 18px }
article .above::before { content: ''; position: absolute; left: 0; top: 9px; width: 13px; height: 9px;
  border: solid var(--line); border-width: 2px 0 0 2px; border-radius: 6px 0 0 0 }
.voice { display: inline-flex; align-items: center; gap: 10px; background: var(--voice);
  border-radius: 20px; padding: 8px 14px 8px 8px; margin-top: 2px }
.voice b { background: #5865f2; color: #fff; width: 28px; height: 28px; border-radius: 50%;
  text-align: center; line-height: 28px; font-size: 11px; padding-left: 2px }
.wave { display: flex; align-items: center; gap: 2px; height: 24px }
.wave i { width: 2px; border-radius: 1px; background: var(--quiet) }
.voice small { color: var(--quiet); font-size: 12px }
section { background: var(--box); border-left: 4px solid; border-radius: 4px; max-width: 432px;
  padding: 10px 14px 12px 12px; margin-top: 4px; font-size: 14px; line-height: 1.45 }
section h1 { font-size: 16px; font-weight: 600; color: var(--head); margin-bottom: 6px }
section h2 { font-size: 14px; font-weight: 600; color: var(--head); margin-top: 10px }
section footer { font-size: 12px; font-weight: 500; color: var(--quiet); margin-top: 10px }
strong { font-weight: 700; color: var(--head) }
code { background: var(--code); border-radius: 4px; padding: 1px 4px; font-size: 85%;
  font-family: 'DejaVu Sans Mono', monospace }
.emoji { font-family: 'Noto Color Emoji'; letter-spacing: 1px }
.only { color: var(--quiet); font-size: 12px; margin-top: 6px }
.only a { color: var(--link) }
`;
