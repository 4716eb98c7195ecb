import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../bots/discord/commands.ts';
import { textMessage, verdictMessage } from '../../bots/slack/blocks.ts';
import type { Catalogue } from '../../bots/wording/catalogue.ts';
import { ENGLISH } from '../../bots/wording/en.ts';
import { CATALOGUES, EN, stringsFor } from '../../bots/wording/languages.ts';
import { wordVerdict } from '../../bots/wording/verdict.ts';
import {
  EMOTIONS,
  ERROR_TABLE,
  findModelFolder,
  type Label,
  readCard,
  type Verdict,
} from '../../core/index.ts';
import { ABSTENTIONS } from '../../core/verdict.ts';
import { NO_SPEECH, VERDICT } from '../../functions/http/schemas.ts';
import { headline, meaning, percent, shares, sureness } from '../../web/words.js';
import { checkCommands } from '../support/discord/command-body.ts';
import { blocksSchema } from '../support/slack/message-rules.ts';
import { longestChange, wordiest } from './wordiest.ts';

const MEDIA = ['discord', 'discord-without-gateway', 'slack'] as const;
const OTHERS = CATALOGUES.filter((catalogue) => catalogue !== ENGLISH);

/** Returns every text of a catalogue under its path; those of a plural under the path of the plural. */
function textsOf(part: object, path = ''): [string, string][] {
  return Object.entries(part).flatMap(([key, value]): [string, string][] => {
    const here = 'other' in part ? path : `${path}.${key}`;
    if (typeof value === 'string') return [[here, value]];
    return Array.isArray(value) ? [] : textsOf(value, here);
  });
}

const gapsOf = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();

/** Every text that people can get, with the largest numbers. */
function saidIn(language: string, medium: (typeof MEDIA)[number]): string[] {
  const strings = stringsFor(language, medium);
  const { help, about, privacy, errors, labels, ...rest } = strings;
  const state = { left: 1_000_000, limit: 1_000_000, seconds: 1_000_000 };
  return [
    ...[help, about, privacy].flatMap(({ title, text }) => [title, text]),
    ...[...Object.values(errors), ...Object.values(labels)],
    ...Object.values(rest).filter((text) => typeof text === 'string'),
    ...[strings.wait(1), strings.wait(1_000_000)],
    strings.quota({ person: state, channel: state }),
    strings.quota({ person: { left: 1, limit: 1, seconds: 0 }, channel: null }),
  ];
}

describe.each(
  OTHERS.map((catalogue) => [catalogue.language, catalogue] as const),
)('the catalogue of %s', (language, catalogue) => {
  test('lacks no text of the English one and has no other', () => {
    const paths = (of: Catalogue) => [...new Set(textsOf(of).map(([path]) => path))].sort();
    expect(paths(catalogue)).toEqual(paths(ENGLISH));
  });

  test('has the gaps of the English one in every text, in each form of a plural too', () => {
    const english = new Map(textsOf(ENGLISH));
    for (const [path, text] of textsOf(catalogue)) {
      expect([path, gapsOf(text)]).toEqual([path, gapsOf(english.get(path) ?? '')]);
    }
  });

  test('has every form of a plural that the language needs for numbers like these', () => {
    const rules = new Intl.PluralRules(language);
    const needed = new Set([0, 1, 2, 3, 5, 11, 15, 21, 60, 100].map((n) => rules.select(n)));
    const { units, quota } = catalogue;
    const plurals = [units.seconds, units.minutes];
    for (const { unused, used } of [quota.person, quota.channel]) plurals.push(unused, used);
    for (const plural of plurals) expect(Object.keys(plural)).toEqual([...needed].sort(byName));
  });

  test('is translated, but for names', () => {
    const english = new Map(textsOf(ENGLISH));
    const same = textsOf(catalogue).filter(
      ([path, text]) =>
        english.get(path) === text && /\p{L}{2}/u.test(text.replace(/\{\w+\}/g, '')),
    );
    const names = ['.commands.undertone.name', '.commands.auto.name', '.units.megabytes'];
    // The same word in several languages.
    const shared = ['.labels.neutral', '.units.minutes'];
    for (const [path] of same) expect([...names, ...shared, '.language']).toContain(path);
  });

  test('has a name of its own for each label', () => {
    expect(new Set(Object.values(catalogue.labels)).size).toBe(10);
  });

  test('writes letters as they are written, and closes what it marks', () => {
    for (const [path, text] of textsOf(catalogue)) {
      expect([path, text]).toEqual([path, text.normalize('NFC').trimEnd()]);
      for (const mark of ['`', '**'])
        expect([path, text.split(mark).length % 2]).toEqual([path, 1]);
      // Straight quotes and apostrophes are for programs.
      expect([path, /["']| {2}/.test(text)]).toEqual([path, false]);
    }
  });

  test('names commands only by gaps, as they are called otherwise on Discord', () => {
    for (const [path, text] of textsOf(catalogue)) {
      expect([path, /\/undertone/.test(text)]).toEqual([path, false]);
    }
    expect(catalogue.inviteMe).toContain('`/invite @Undertone`');
  });

  test('says what the law forbids, in the notice and in the page on privacy', () => {
    const { notice, privacy } = catalogue;
    for (const text of [notice, privacy.text]) {
      expect(text).toMatch(/\b5\b.*f.*\b50\b.*3|第5条1項\(f\).*第50条3項/s);
    }
  });

  test('tells of the model what its card says', async () => {
    const { limits } = await readCard(findModelFolder({}));
    const [, right] = /(\d+)% of the answers are correct/.exec(limits[0]) ?? [];
    // Rounded up: a bot never promises more than the card.
    const wrong = Math.ceil(10 - Number(right) / 10);
    expect(catalogue.about.text).toMatch(
      new RegExp(`\\b${wrong}\\b[^.]*\\b10\\b|10回のうち${wrong}回`),
    );
  });
});

function byName(one: string, other: string): number {
  return one < other ? -1 : 1;
}

describe.each(CATALOGUES.map(({ language }) => language))('what is said in %s', (language) => {
  test.each(MEDIA)('has no gap left on %s', (medium) => {
    for (const text of saidIn(language, medium)) {
      expect(text).not.toMatch(/[{}]|undefined|NaN|null/);
      expect(text).not.toBe('');
    }
    for (const verdict of [wordiest('happy'), wordiest('uncertain', ['sad', 'angry']), NO_SPEECH]) {
      const words = JSON.stringify(wordVerdict(verdict, stringsFor(language, medium)));
      expect(words).not.toMatch(/\{\w+\}|undefined|NaN/);
    }
  });

  test('has a sentence for every error, without programs and networks', () => {
    const { errors } = stringsFor(language, 'slack');
    expect(Object.keys(errors).sort()).toEqual(Object.keys(ERROR_TABLE).sort());
    for (const sentence of Object.values(errors)) {
      expect(sentence).toMatch(/[.。`]$/);
      expect(sentence).not.toMatch(/HTTP|POST|JSON|undefined|NaN|[Ee]xception/);
    }
  });

  test('fits into the messages of Slack, also the wordiest verdict and the largest numbers', () => {
    const strings = stringsFor(language, 'slack');
    const verdicts = [
      ...[...EMOTIONS, ...ABSTENTIONS].map((label) => wordiest(label)),
      longestChange(strings.labels),
    ];
    const messages = verdicts.map((verdict) =>
      verdictMessage({ words: wordVerdict(verdict, strings), notice: strings.notice }),
    );
    for (const text of saidIn(language, 'slack')) {
      messages.push(textMessage(`${text}\n\n${strings.wait(1_000_000)}`, strings.privacy.title));
    }
    for (const { text, blocks } of messages) {
      expect(blocksSchema.safeParse(blocks).error).toBeUndefined();
      expect(text.length).toBeLessThanOrEqual(4000);
    }
  });
});

describe('the commands of Discord', () => {
  interface Shown {
    readonly name: string;
    readonly name_localizations: Record<string, string>;
    readonly description?: string;
    readonly description_localizations?: Record<string, string>;
    readonly options?: readonly Shown[];
  }
  const all = (shown: readonly Shown[]): Shown[] =>
    shown.flatMap((one) => [one, ...all(one.options ?? [])]);
  const commands = all(COMMANDS as unknown as Shown[]);
  const locales = CATALOGUES.flatMap(({ discordLocales }) => discordLocales).sort();

  test('are named and described in every language, all of them', () => {
    expect(commands).toHaveLength(10);
    const promised = ['de', 'en-GB', 'en-US', 'es-419', 'es-ES', 'fr', 'ja', 'pt-BR'];
    expect(locales).toEqual(expect.arrayContaining(promised));
    for (const { name_localizations, description, description_localizations } of commands) {
      expect(Object.keys(name_localizations).sort()).toEqual(locales);
      if (description === undefined) continue;
      expect(Object.keys(description_localizations ?? {}).sort()).toEqual(locales);
    }
  });

  test('are taken by Discord', () => {
    expect(() => checkCommands(COMMANDS)).not.toThrow();
  });

  test.each([
    ['a capital', { name_localizations: { de: 'Hilfe' } }],
    ['a space', { name_localizations: { fr: 'à propos' } }],
    ['33 letters', { name_localizations: { ja: 'あ'.repeat(33) } }],
    ['a locale that is none', { name_localizations: { es: 'ayuda' } }],
    ['a long description', { description_localizations: { 'pt-BR': 'a'.repeat(101) } }],
  ])('would not be with %s', (_, changes) => {
    const [, command] = COMMANDS;
    expect(() => checkCommands([{ ...command, ...changes } as typeof command])).toThrow();
  });

  test('are named in texts as people see them: by their language on Discord, in English on Slack', () => {
    const german = stringsFor('de', 'discord');
    expect(german.errors['not-permitted']).toContain('`/undertone auto an`');
    expect(german.help.text).toContain('*Emotion erkennen*');
    const onSlack = stringsFor('de', 'slack');
    expect(onSlack.errors['not-permitted']).toContain('`/undertone auto on`');
    expect(onSlack.help.text).toContain('*Read emotion*');
    for (const [name, { language }] of CATALOGUES.entries()) {
      const { notice } = stringsFor(language, 'discord');
      const [command] = /\/undertone [^`]+/.exec(notice) ?? [];
      expect([name, command]).toEqual([
        name,
        `/undertone ${CATALOGUES[name].commands.privacy.name}`,
      ]);
    }
  });
});

describe('the language for a locale', () => {
  test.each([
    ['de', 'de'],
    ['de-AT', 'de'],
    ['de_DE', 'de'],
    ['DE', 'de'],
    ['es-ES', 'es'],
    ['es-419', 'es'],
    ['es-LA', 'es'],
    ['fr-CA', 'fr'],
    ['pt-BR', 'pt-BR'],
    ['pt-PT', 'pt-BR'],
    ['ja', 'ja'],
    ['ja-JP', 'ja'],
    ['en-US', 'en-GB'],
    ...['sv-SE', 'xx', 'dex', 'd', '', '-', '_de', '__proto__', 'zh-TW'].map((none) => [
      none,
      'en-GB',
    ]),
  ])('%j is %s', (locale, language) => {
    expect(stringsFor(locale, 'slack').language).toBe(language);
  });

  test('is English for anything else', () => {
    for (const none of [null, undefined]) expect(stringsFor(none, 'discord')).toBe(EN);
    fc.assert(
      fc.property(fc.string(), (locale) => {
        expect(stringsFor(locale, 'discord').help.title).toEqual(expect.any(String));
      }),
    );
  });
});

test('numbers, lists and plurals are written as the language writes them', () => {
  const in_ = (locale: string) => stringsFor(locale, 'slack');
  expect(in_('de').percent(0.77)).toBe('77\u00a0%');
  expect(in_('fr').percent(0.77)).toMatch(/^77[\u00a0\u202f]%$/);
  expect(in_('ja').percent(0.77)).toBe('77%');
  const summary = { happy: 0.7, sad: 0.2, calm: 0.1 };
  expect(in_('de').shares(summary)).toBe(
    'Von der Sprechzeit: 70\u00a0% fröhlich, 20\u00a0% traurig und 10\u00a0% ruhig.',
  );
  expect(in_('ja').shares(summary)).toBe('発話の内訳: 喜び 70%、悲しみ 20%、穏やか 10%');
  expect(in_('de').wait(1)).toContain('in 1 Sekunde noch');
  expect(in_('es').wait(2)).toContain('dentro de 2 segundos;');
  const one = { left: 0, limit: 1, seconds: 3 };
  expect(in_('pt-BR').quota({ person: one, channel: null })).toBe(
    '**Resta para você**: 0 de 1 mensagem, disponível de novo em 3 segundos.',
  );
});

test.each([
  ['en', 'Angry, then happy, then sad'],
  ['de', 'Wütend, dann fröhlich, dann traurig'],
  ['es', 'Enojo, luego alegría, luego tristeza'],
  ['fr', 'Colère, puis joie, puis tristesse'],
  ['pt-BR', 'Raiva, depois alegria, depois tristeza'],
  ['ja', '怒り、続いて喜び、続いて悲しみ'],
])('a change is headed by its emotions in order: %s', (language, title) => {
  const verdict: Verdict = {
    ...VERDICT,
    emotion: 'uncertain',
    sequence: ['angry', 'happy', 'sad'],
  };
  expect(stringsFor(language, 'slack').headline(verdict)).toBe(title);
});

test('the bots say in English what the page and the command line say', () => {
  const labels: readonly Label[] = [...EMOTIONS, 'uncertain'];
  const probabilities = fc
    .tuple(...EMOTIONS.map(() => fc.double({ min: 0, max: 1, noNaN: true })))
    .map((shares) => Object.fromEntries(EMOTIONS.map((emotion, i) => [emotion, shares[i]])));
  const verdicts = fc
    .record({
      emotion: fc.constantFrom(...labels),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      sequence: fc.oneof(
        fc.constant([]),
        fc.array(fc.constantFrom(...EMOTIONS), { minLength: 2, maxLength: 4 }),
      ),
      probabilities,
      summary: probabilities,
    })
    .map((fields) => ({ ...VERDICT, ...fields }) as Verdict);
  fc.assert(
    fc.property(fc.oneof(verdicts, fc.constant(NO_SPEECH)), (verdict) => {
      expect(EN.headline(verdict)).toBe(headline(verdict));
      expect(EN.sureness(verdict)).toBe(sureness(verdict));
      expect(EN.meaning(verdict)).toBe(meaning(verdict));
      expect(EN.shares(verdict.summary)).toBe(shares(verdict.summary));
      expect(EN.percent(verdict.confidence)).toBe(percent(verdict.confidence));
    }),
  );
});
