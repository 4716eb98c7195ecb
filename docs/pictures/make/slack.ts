import { join } from 'node:path';
import type { KnownBlock } from '@slack/types';
import type { Browser } from 'playwright-core';
import { type SlackMessage, textMessage, verdictMessage } from '../../../bots/slack/blocks.ts';
import { EN } from '../../../bots/wording/languages.ts';
import { wordVerdict } from '../../../bots/wording/verdict.ts';
import type { Verdict } from '../../../core/index.ts';
import { LONG_NOTE, SHORT_NOTE, UNCERTAIN_NOTE } from './examples.ts';

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

  const verdict = [clip('0:03'), bot(messageOf(SHORT_NOTE))];
  await take('verdict', verdict, { width: DESK, theme: 'light' });
  await take('verdict-phone', verdict, { width: PHONE, theme: 'dark' });

  const long = [clip('0:34'), bot(messageOf(LONG_NOTE))];
  await take('timeline', long, { width: DESK, theme: 'dark' });
  await take('timeline-phone', long, { width: PHONE, theme: 'light' });

  const uncertain = [clip('0:04'), bot(messageOf(UNCERTAIN_NOTE, EN.notice), true)];
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

function bot(message: SlackMessage, isPrivate = false): Said {
  return { by: 'bot', message, isPrivate };
}

function messageOf(verdict: Verdict, notice: string | null = null): SlackMessage {
  return verdictMessage({ words: wordVerdict(verdict), notice });
}

/** One message of a conversation. */
type Said =
  | { readonly by: 'person'; readonly clip: { readonly duration: string } }
  | { readonly by: 'person'; readonly text: string }
  | { readonly by: 'bot'; readonly message: SlackMessage; readonly isPrivate?: boolean };

/** Returns a page that looks as Slack does, with what somebody said and what the bot answered. */
function conversation(said: readonly Said[]): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><style>${STYLE}</style>
    <main>${said.map(message).join('')}</main></html>`;
}

function message(said: Said): string {
  const isBot = said.by === 'bot';
  const note = isBot && said.isPrivate ? '<p class="private">👁 Only visible to you</p>' : '';
  return `<article class="${said.by}">${note}
    <div class="avatar">${isBot ? WAVE : 'A'}</div>
    <div><header><b>${isBot ? 'Undertone' : 'Ada'}</b>${isBot ? '<i>APP</i>' : ''}<time>9:41 AM</time></header>
    ${body(said)}</div></article>`;
}

function body(said: Said): string {
  if (said.by === 'bot') return said.message.blocks.map(block).join('');
  if ('text' in said) return `<p>${mrkdwn(said.text)}</p>`;
  const bars = Array.from({ length: 34 }, (_, i) => {
    const height = 4 + 16 * Math.abs(Math.sin(i * 1.7) * Math.cos(i * 0.43));
    return `<span style="height:${height.toFixed(0)}px"></span>`;
  });
  return `<div class="clip"><b>▶</b><div>${bars.join('')}</div><time>${said.clip.duration}</time></div>`;
}

function block(given: KnownBlock): string {
  switch (given.type) {
    case 'header':
      return `<h3>${given.text.text}</h3>`;
    case 'section':
      return `<p>${mrkdwn(given.text?.text ?? '')}</p>`;
    case 'context':
      return given.elements
        .map((element) => `<p class="context">${mrkdwn('text' in element ? element.text : '')}</p>`)
        .join('');
    case 'divider':
      return '<hr>';
    default:
      throw new Error(`The bot sends a block that is not drawn yet: ${given.type}`);
  }
}

/** Texts come escaped, as Slack wants them. */
function mrkdwn(text: string): string {
  return text
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*([^*\n]+)\*/g, '<b>$1</b>')
    .replace(/(?<![\w`])_([^_\n]+)_(?!\w)/g, '<em>$1</em>')
    .replaceAll('\n', '<br>');
}

const WAVE =
  '<svg viewBox="0 0 36 36"><path d="M7 15v6M13 10v16M19 13v10M25 7v22M31 15v6" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>';

const STYLE = `
  :root { --paper: #fff; --ink: #1d1c1d; --quiet: #616061; --line: #ddd; --code: #c01343; --codebg: #f6f6f6; --private: #f8f8f8; }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #1a1d21; --ink: #d1d2d3; --quiet: #ababad; --line: #35373b; --code: #e8912d; --codebg: #222529; --private: #212428; }
  }
  @font-face { font-family: Signs; src: local('Noto Color Emoji'); unicode-range: U+25AA-25AB, U+2B1B-2B1C, U+FE0F, U+1F300-1FAFF; }
  * { box-sizing: border-box; margin: 0; }
  body { background: var(--paper); color: var(--ink); font: 15px/1.46668 Signs, Lato, Inter, sans-serif; }
  main { padding: 10px 0; }
  article { display: grid; grid-template-columns: 36px 1fr; gap: 8px; padding: 8px 20px; }
  .private { grid-column: 1 / -1; color: var(--quiet); font-size: 12px; }
  article:has(.private) { background: var(--private); }
  .avatar { width: 36px; height: 36px; border-radius: 8px; background: #7a5c3e; color: #fff; display: grid; place-items: center; font-weight: 700; overflow: hidden; }
  .bot .avatar { background: #3b2f63; }
  svg { width: 26px; fill: none; }
  header { display: flex; align-items: center; gap: 6px; line-height: 1.2; }
  header b { font-weight: 800; }
  header i { background: var(--line); color: var(--quiet); font: 700 10px/1 Inter, sans-serif; padding: 2px 3px; border-radius: 2px; }
  time { color: var(--quiet); font-size: 12px; }
  h3 { font-size: 18px; font-weight: 800; margin-top: 6px; }
  p { margin-top: 4px; }
  .context { color: var(--quiet); font-size: 13px; margin-top: 6px; }
  hr { border: 0; border-top: 1px solid var(--line); margin: 10px 0 6px; }
  code { color: var(--code); background: var(--codebg); border: 1px solid var(--line); border-radius: 3px; padding: 1px 3px; font: 12px/1.5 'DejaVu Sans Mono', monospace; }
  .clip { display: flex; align-items: center; gap: 10px; border: 1px solid var(--line); border-radius: 10px; padding: 8px 12px; margin-top: 6px; max-width: 360px; }
  .clip b { width: 28px; height: 28px; border-radius: 50%; background: #007a5a; color: #fff; display: grid; place-items: center; font-size: 11px; }
  .clip div { flex: 1; display: flex; align-items: center; gap: 2px; height: 24px; overflow: hidden; }
  .clip span { flex: 1; background: #1d9bd1; border-radius: 2px; }
`;
