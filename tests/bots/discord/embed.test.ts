import { expect, test } from 'vitest';
import { message, textEmbed, verdictEmbed } from '../../../bots/discord/reply.ts';
import { EN } from '../../../bots/wording/languages.ts';
import { wordVerdict } from '../../../bots/wording/verdict.ts';
import {
  EMOTIONS,
  type Label,
  type Probabilities,
  type Verdict,
  verdictSchema,
} from '../../../core/index.ts';
import { ABSTENTIONS } from '../../../core/verdict.ts';
import { checkMessage } from '../../support/discord/message-body.ts';

const EVEN = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, 1 / 8])) as Probabilities;
const LABELS: readonly Label[] = [...EMOTIONS, 'uncertain'];

/** The longest note that is accepted, with all there can be in its answer. */
function wordiest(emotion: Label, sequence: Verdict['sequence'] = []): Verdict {
  const step = 300 / LABELS.length;
  return verdictSchema.parse({
    emotion,
    confidence: emotion === 'no-speech' ? 0 : 1 / 8,
    probabilities: emotion === 'no-speech' ? null : EVEN,
    duration: 300,
    speech: { start: 0, end: 300 },
    sequence,
    timeline: LABELS.map((label, i) => ({
      ...{ start: i * step, end: (i + 1) * step, emotion: label },
      ...{ confidence: 1 / 8, probabilities: EVEN },
    })),
    summary: Object.fromEntries(LABELS.map((label) => [label, 1 / LABELS.length])),
    model: { name: 'tiny', version: '0.0.1', sha256: '0'.repeat(64) },
  });
}

test.each([
  ...EMOTIONS,
  ...ABSTENTIONS,
])('ten of the wordiest notes with "%s" fit into one message of Discord', (label) => {
  const embed = verdictEmbed(wordVerdict(wordiest(label)));
  const body = { ...message(Array.from({ length: 10 }, () => embed)), content: EN.notice };
  expect(() => checkMessage(body)).not.toThrow();
});

test('so do ten notes that change three times', () => {
  const embed = verdictEmbed(
    wordVerdict(wordiest('uncertain', ['surprised', 'disgust', 'surprised', 'disgust'])),
  );
  expect(embed.title).toBe(
    '😮 → 🤢 → 😮 → 🤢 Surprised, then disgust, then surprised, then disgust',
  );
  const body = { ...message(Array.from({ length: 10 }, () => embed)), content: EN.notice };
  expect(() => checkMessage(body)).not.toThrow();
});

test('every page and every sentence fits', () => {
  const { help, about, privacy, errors, notice } = EN;
  const pages = [help, about, privacy].map(({ title, text }) => textEmbed(text, title));
  const sentences = [...Object.values(errors), notice].map((text) => textEmbed(text));
  for (const embed of [...pages, ...sentences]) {
    expect(() => checkMessage(message([embed]))).not.toThrow();
  }
});

test('what is quoted cannot notify anybody', () => {
  expect(message([]).allowed_mentions).toEqual({ parse: [], replied_user: false });
});
