import type { KnownBlock } from '@slack/types';
import type { VerdictAnswer } from '../answer.ts';
import type { Share, TimelineWords, VerdictWords } from '../wording/verdict.ts';

/** A message as blocks, and as plain text for notifications and screen readers. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: KnownBlock[];
}

/**
 * Returns a verdict as a message: the headline, the next likely emotions, and the timeline of a longer
 * note.
 *
 * @example
 * const { text, blocks } = verdictMessage(answer);
 * await client.chat.postMessage({ channel, thread_ts, text, blocks });
 */
export function verdictMessage({
  words,
  notice,
}: Pick<VerdictAnswer, 'words' | 'notice'>): SlackMessage {
  const { sentence, meaning, others, timeline, footer } = words;
  return {
    text: [sentence, meaning, footer].filter(Boolean).join(' '),
    blocks: [
      header(headline(words)),
      ...(meaning ? [section(mrkdwn(meaning))] : []),
      ...(others.length > 0 ? [section(others.map(bar).join('\n'))] : []),
      ...(timeline ? course(timeline) : []),
      context(footer),
      ...(notice ? [{ type: 'divider' } as const, context(mrkdwn(notice))] : []),
    ],
  };
}

/** Returns a text of the catalogue, with its title if it has one. */
export function textMessage(text: string, title?: string): SlackMessage {
  const marked = mrkdwn(text);
  return {
    text: title ? `${title}\n${marked}` : marked,
    blocks: [...(title ? [section(`*${title}*`)] : []), section(marked)],
  };
}

function headline({ emoji, title, sureness }: VerdictWords): string {
  return [`${emoji} ${title}`, sureness].filter(Boolean).join(' · ');
}

function bar({ label, share, bar: signs }: Share): string {
  return `${signs}  ${share} ${label}`;
}

function course({ strip, start, end, legend, shares }: TimelineWords): KnownBlock[] {
  return [section(strip), context(`${start} – ${end}  ·  ${legend}\n${shares}`)];
}

function header(text: string): KnownBlock {
  return { type: 'header', text: { type: 'plain_text', text, emoji: true } };
}

function section(text: string): KnownBlock {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

function context(text: string): KnownBlock {
  return { type: 'context', elements: [{ type: 'mrkdwn', text }] };
}

/**
 * Converts the common subset of Markdown to Slack's notation, where one star is bold and one underscore
 * is emphasis. https://docs.slack.dev/messaging/formatting-message-text
 */
function mrkdwn(markdown: string): string {
  return markdown
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/\*\*(.+?)\*\*|\*(.+?)\*/g, (_, strong, emphasis) =>
      strong === undefined ? `_${emphasis}_` : `*${strong}*`,
    );
}
