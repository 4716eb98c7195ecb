import {
  EMOTIONS,
  ERROR_TABLE,
  type ErrorCode,
  type Label,
  MAX_BYTES,
  MAX_SECONDS,
  type Verdict,
} from '../../core/index.ts';
import { ranked } from '../../web/words.js';
import type { Quota, Quotas } from '../limits.ts';
import type { Catalogue, Commands, Page, Plural } from './catalogue.ts';

/** Everything the bots say in one language on one platform, as Markdown. */
export interface Strings {
  /** Its BCP 47 tag. */
  readonly language: string;
  readonly labels: Readonly<Record<Label, string>>;
  /** `Happy`, `Uncertain`, `Angry, then happy`. */
  readonly headline: (verdict: Verdict) => string;
  /** `71% sure`; null where no one emotion is named. */
  readonly sureness: (verdict: Verdict) => string | null;
  /** `Happy, 71% sure.` */
  readonly sentence: (verdict: Verdict) => string;
  /** What a headline means that does not name one emotion; null where it does. */
  readonly meaning: (verdict: Verdict) => string | null;
  /** A share from 0 to 1 in whole percent: `71%`. */
  readonly percent: (share: number) => string;
  /** `Of the speech: 80% happy, 20% neutral.` */
  readonly shares: (summary: Verdict['summary']) => string;
  readonly footer: string;
  readonly notice: string;
  readonly help: Page;
  readonly about: Page;
  readonly privacy: Page;
  readonly automaticOn: string;
  readonly automaticOff: string;
  readonly moderatorsOnly: string;
  readonly onlyInChannels: string;
  readonly inviteMe: string;
  readonly addMe: string;
  /** Null where the bot gets commands only, and writes nothing that needs permissions. */
  readonly allowMe: string | null;
  readonly unknownCommand: string;
  /** Answers a command in a workspace of Slack for which the bot has no token. */
  readonly notInstalled: string;
  /** What to say for each error; `wait` takes the seconds of `rate-limited`. */
  readonly errors: Readonly<Record<ErrorCode, string>>;
  readonly wait: (seconds: number) => string;
  /** Goes below the help: what is left for the person who asks, where it is limited. */
  readonly quota: (quotas: Quotas) => string;
}

/** Without a gateway the bot gets commands and no messages: it promises no answer that nobody asked for. */
export type DiscordMedium = 'discord' | 'discord-without-gateway';

/** Where something is said. */
export type Medium = DiscordMedium | 'slack';

const FORMATS = ['Ogg', 'MP3', 'M4A', 'WAV', 'FLAC', 'WebM'];

/**
 * Returns what the bots say, from the catalogue of a language.
 *
 * @param commands the names under which the platform shows the commands
 * @example
 * stringsOf(GERMAN, GERMAN.commands, 'discord').percent(0.77); // 77 %
 */
export function stringsOf(catalogue: Catalogue, commands: Commands, medium: Medium): Strings {
  const { language, labels, units, verdict, help, quota, errors } = catalogue;
  const isTold = medium !== 'discord-without-gateway';
  const percents = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
  const percent = (share: number) => percents.format(Math.round(share * 100) / 100);
  const commas = new Intl.ListFormat(language, { type: 'conjunction', style: 'narrow' });
  const plurals = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language);
  const plural = (texts: Plural, count: number) => texts[plurals.select(count)] ?? texts.other;
  const amount = (texts: Plural, count: number) =>
    fill(plural(texts, count), { count: number.format(count) });
  const common: Values = {
    ...commandNames(commands),
    again: catalogue.again,
    minutes: amount(units.minutes, MAX_SECONDS / 60),
    size: amount({ other: units.megabytes }, MAX_BYTES / 2 ** 20),
    formats: new Intl.ListFormat(language).format(FORMATS),
    emotions: new Intl.ListFormat(language, { type: 'disjunction' }).format(
      EMOTIONS.map((emotion) => labels[emotion]),
    ),
    uncertain: labels.uncertain,
    noSpeech: labels['no-speech'],
  };
  const say = (text: string, values: Values = {}) => fill(text, { ...common, ...values });
  const page = ({ title, text }: Page) => ({ title, text: say(text) });
  const lines = (...texts: readonly string[]) => texts.map((text) => say(text)).join('\n');

  const headline = ({ emotion, sequence }: Verdict) => {
    const [first, ...rest] = sequence.length > 0 ? sequence : [emotion];
    const start = capitalized(labels[first], language);
    return [start, ...rest.map((label) => say(verdict.next, { label: labels[label] }))].join('');
  };
  const meaning = ({ emotion, sequence, confidence, probabilities }: Verdict) => {
    if (!probabilities) return verdict.noSpeech;
    const guess = { label: labels[ranked(probabilities)[0][0]], percent: percent(confidence) };
    if (sequence.length > 0) return say(verdict.changing, guess);
    return emotion === 'uncertain' ? say(verdict.uncertain, guess) : null;
  };
  const sureness = (of: Verdict) =>
    meaning(of) === null ? say(verdict.sureness, { percent: percent(of.confidence) }) : null;
  const left = ({ unused, used }: Catalogue['quota']['person'], state: Quota) =>
    say(plural(state.seconds > 0 ? used : unused, state.limit), {
      left: number.format(state.left),
      limit: number.format(state.limit),
      seconds: amount(units.seconds, state.seconds),
    });

  return {
    language,
    labels,
    headline,
    sureness,
    sentence(of) {
      const sure = sureness(of);
      const values = { headline: headline(of), ...(sure && { sureness: sure }) };
      return say(sure ? verdict.sure : verdict.unsure, values);
    },
    meaning,
    percent,
    shares(summary) {
      const parts = ranked(summary).map(([label, share]) =>
        say(verdict.share, { label: labels[label], percent: percent(share) }),
      );
      return say(verdict.shares, { shares: commas.format(parts) });
    },
    footer: verdict.footer,
    notice: say(catalogue.notice),
    help: {
      title: help.title,
      text: isTold
        ? lines(help.own, help.direct, help.open, '', help.auto, help.pages, '', help.limits)
        : lines(
            ...[help.own, help.upload, help.openWhenAsked, '', help.onlyWhenAsked],
            ...[help.auto, help.pages, '', help.limits],
          ),
    },
    about: page(catalogue.about),
    privacy: page(catalogue.privacy),
    automaticOn: lines(
      isTold ? catalogue.automaticOn : catalogue.automaticOnWhenAsked,
      catalogue.tellPeople,
    ),
    automaticOff: catalogue.automaticOff,
    moderatorsOnly: catalogue.moderatorsOnly,
    onlyInChannels: say(isTold ? catalogue.onlyInChannels : catalogue.onlyInChannelsWhenAsked),
    inviteMe: catalogue.inviteMe,
    addMe: say(catalogue.addMe),
    allowMe: isTold ? say(catalogue.allowMe) : null,
    unknownCommand: say(catalogue.unknownCommand),
    notInstalled: catalogue.notInstalled,
    errors: everyCode((code) => say(code in errors ? errors[code as Spoken] : errors.internal)),
    wait: (seconds) => say(catalogue.wait, { seconds: amount(units.seconds, seconds) }),
    quota: ({ person, channel }) =>
      [left(quota.person, person), channel && left(quota.channel, channel)]
        .filter(Boolean)
        .join('\n'),
  };
}

type Spoken = keyof Catalogue['errors'];

function everyCode(text: (code: ErrorCode) => string): Record<ErrorCode, string> {
  const codes = Object.keys(ERROR_TABLE) as ErrorCode[];
  return Object.fromEntries(codes.map((code) => [code, text(code)])) as Record<ErrorCode, string>;
}

/** Returns the commands as people see them, by the names they have in texts. */
function commandNames(names: Commands): Record<string, string> {
  const slash = (...parts: readonly (keyof Commands)[]) =>
    `/${[names.undertone, ...parts.map((part) => names[part])].map(({ name }) => name).join(' ')}`;
  return {
    readEmotion: names.readEmotion.name,
    read: slash('read'),
    autoOn: slash('auto', 'on'),
    autoOff: slash('auto', 'off'),
    help: slash('help'),
    about: slash('about'),
    privacy: slash('privacy'),
  };
}

type Values = Readonly<Record<string, string>>;

/** Returns a text with its gaps filled. */
function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (gap, name) => values[name] ?? gap);
}

function capitalized(text: string, language: string): string {
  return text.slice(0, 1).toLocaleUpperCase(language) + text.slice(1);
}
