import type { APIEmbed } from 'discord-api-types/v10';
import type { VerdictWords } from '../wording/verdict.ts';

/** 0xRRGGBB of what is no verdict: help, notices, refusals. */
const QUIET = 0x6b7080;

/** Returns a verdict as an embed, narrow enough for a phone. */
export function verdictEmbed(words: VerdictWords): APIEmbed {
  const { emoji, colour, title, sureness, meaning, others, timeline, footer } = words;
  const bars = others.map(({ label, share, bar }) => `\`${bar}\` ${label} ${share}`);
  const paragraphs = [sureness && `**${sureness}**`, meaning, bars.join('\n')];
  return {
    color: colour,
    title: `${emoji} ${title}`,
    description: paragraphs.filter(Boolean).join('\n\n'),
    ...(timeline && {
      fields: [
        {
          name: `${timeline.start} – ${timeline.end}`,
          value: [timeline.strip, timeline.legend, timeline.shares].join('\n'),
        },
      ],
    }),
    footer: { text: footer },
  };
}

/** Returns a sentence, or a page of help, as an embed. */
export function textEmbed(text: string, title?: string): APIEmbed {
  return { color: QUIET, description: text, ...(title && { title }) };
}
