import { describe, expect, test } from 'vitest';
import { message, textEmbed, verdictEmbed } from '../../../bots/discord/reply.ts';
import { CATALOGUES, EN, stringsFor } from '../../../bots/wording/languages.ts';
import { wordVerdict } from '../../../bots/wording/verdict.ts';
import { EMOTIONS } from '../../../core/index.ts';
import { ABSTENTIONS } from '../../../core/verdict.ts';
import { checkMessage } from '../../support/discord/message-body.ts';
import { longestChange, wordiest } from '../wordiest.ts';

/** Ten embeds, all that a message of Discord takes, and the notice. */
function ten(embed: ReturnType<typeof verdictEmbed>, notice: string) {
  return { ...message(Array.from({ length: 10 }, () => embed)), content: notice };
}

test('a change is headed by its emotions in order', () => {
  const verdict = wordiest('uncertain', ['surprised', 'disgust', 'surprised', 'disgust']);
  expect(verdictEmbed(wordVerdict(verdict, EN)).title).toBe(
    '😮 → 🤢 → 😮 → 🤢 Surprised, then disgust, then surprised, then disgust',
  );
});

describe.each(
  CATALOGUES.map(({ language }) => language),
)('what Discord takes fits: %s', (language) => {
  const strings = stringsFor(language, 'discord');

  test.each([...EMOTIONS, ...ABSTENTIONS])('ten of the wordiest notes with "%s"', (label) => {
    const embed = verdictEmbed(wordVerdict(wordiest(label), strings));
    expect(() => checkMessage(ten(embed, strings.notice))).not.toThrow();
  });

  test('ten notes that change three times', () => {
    const verdict = longestChange(strings.labels);
    const embed = verdictEmbed(wordVerdict(verdict, strings));
    expect(() => checkMessage(ten(embed, strings.notice))).not.toThrow();
    const nine = Array.from({ length: 9 }, () => embed);
    expect(() => checkMessage(message([...nine, textEmbed(strings.notice)]))).not.toThrow();
  });

  test('every page and every sentence, with the largest numbers', () => {
    const all = { left: 1_000_000, limit: 1_000_000, seconds: 1_000_000 };
    const numbers = [strings.quota({ person: all, channel: all }), strings.wait(1_000_000)].join(
      '\n',
    );
    for (const medium of ['discord', 'discord-without-gateway'] as const) {
      const { help, about, privacy, errors, ...rest } = stringsFor(language, medium);
      const pages = [help, about, privacy].map(({ title, text }) =>
        textEmbed(`${text}\n\n${numbers}`, title),
      );
      const texts = Object.values(rest).filter((text) => typeof text === 'string');
      const sentences = [...Object.values(errors), ...texts].map((text) => textEmbed(text));
      for (const embed of [...pages, ...sentences]) {
        expect(() => checkMessage(message([embed]))).not.toThrow();
      }
    }
  });
});

test('what is quoted cannot notify anybody', () => {
  expect(message([]).allowed_mentions).toEqual({ parse: [], replied_user: false });
});
