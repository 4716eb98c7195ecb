import type { LocaleString } from 'discord-api-types/v10';
import type { ErrorCode, Label } from '../../core/index.ts';

/**
 * Everything the bots say in one language. A new language is a new file with an object of this type, and
 * a line in languages.ts.
 *
 * Texts use the common subset of Markdown: `**strong**`, `*emphasis*`, `` `code` ``, line breaks.
 * Platforms with a different notation convert them. What stands in braces is filled in:
 *
 * - `{label}`, `{headline}`, `{emotions}`, `{uncertain}`, `{noSpeech}`: words of this catalogue; `{sureness}`, `{shares}`, `{again}`:
 *   its sentences of that name
 * - `{seconds}`, `{minutes}`, `{size}`: its units; `{percent}`, `{left}`, `{limit}`: numbers, as Intl
 *   writes them; `{formats}`: a list of file formats
 * - `{readEmotion}`, `{read}`, `{autoOn}`, `{autoOff}`, `{help}`, `{about}`, `{privacy}`: commands, under
 *   the names that the platform shows to people who read this language
 */
export interface Catalogue {
  /** Its BCP 47 tag, for Intl. */
  readonly language: string;
  /** The languages of Discord's client for which it is meant. */
  readonly discordLocales: readonly LocaleString[];
  readonly commands: Commands;
  readonly labels: Readonly<Record<Label, string>>;
  /** Numbers with their units; `{count}` is the number. */
  readonly units: {
    readonly seconds: Plural;
    readonly minutes: Plural;
    readonly megabytes: string;
  };
  readonly verdict: {
    /** Another emotion in a headline: `Angry` and this make `Angry, then happy`. */
    readonly next: string;
    readonly sureness: string;
    /** A verdict as a sentence, for notifications: of one emotion, and of anything else. */
    readonly sure: string;
    readonly unsure: string;
    readonly noSpeech: string;
    readonly uncertain: string;
    readonly changing: string;
    /** One share of the speech, and all of them. */
    readonly share: string;
    readonly shares: string;
    /** That this is a guess about a sound, not about a person. */
    readonly footer: string;
  };
  /** Goes with the first answer that someone sees. */
  readonly notice: string;
  readonly help: {
    readonly title: string;
    readonly own: string;
    /** Where the bot gets messages. */
    readonly direct: string;
    readonly open: string;
    /** Where it gets commands only. */
    readonly upload: string;
    readonly openWhenAsked: string;
    readonly onlyWhenAsked: string;
    /** Everywhere. */
    readonly auto: string;
    readonly pages: string;
    readonly limits: string;
  };
  readonly about: Page;
  readonly privacy: Page;
  /** Below the help: what is left for the person who asks and in the channel; plural by the limit. */
  readonly quota: {
    readonly person: Quota;
    readonly channel: Quota;
  };
  readonly automaticOn: string;
  /** The same where the bot gets commands only. */
  readonly automaticOnWhenAsked: string;
  /** Goes with both. */
  readonly tellPeople: string;
  readonly automaticOff: string;
  readonly moderatorsOnly: string;
  readonly onlyInChannels: string;
  /** The same where the bot gets commands only. */
  readonly onlyInChannelsWhenAsked: string;
  /** The bot cannot open a channel it is not in, although its commands work there; on Slack. */
  readonly inviteMe: string;
  /** The same on Discord, where people can install the bot for themselves. */
  readonly addMe: string;
  /** The bot is in the server, but lacks a permission in the channel that is to be opened; on Discord. */
  readonly allowMe: string;
  readonly unknownCommand: string;
  /** Answers a command in a workspace of Slack for which the bot has no token. */
  readonly notInstalled: string;
  readonly wait: string;
  /** What to do about a failure that will pass. */
  readonly again: string;
  /** What to say for each error; `internal` for all that mean nothing to people in a chat. */
  readonly errors: Readonly<Record<Exclude<ErrorCode, (typeof UNSPOKEN)[number]>, string>>;
}

/**
 * How Discord shows the commands to people who use it in this language. Names of slash commands and of
 * their options: 1 to 32 letters, digits, `-` and `_`, no capitals; descriptions: up to 100 characters.
 */
export interface Commands {
  /** In the menu of a message: up to 32 characters of any kind. */
  readonly readEmotion: { readonly name: string };
  readonly undertone: Command;
  readonly read: Command;
  readonly note: Command;
  readonly auto: Command;
  readonly on: Command;
  readonly off: Command;
  readonly help: Command;
  readonly about: Command;
  readonly privacy: Command;
}

export interface Command {
  readonly name: string;
  readonly description: string;
}

export interface Page {
  readonly title: string;
  readonly text: string;
}

interface Quota {
  /** While all of it is there. */
  readonly unused: Plural;
  readonly used: Plural;
}

/** A text for each plural category that the language has, as Intl.PluralRules names them. */
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

/** Errors that people in a chat can do nothing about. */
export const UNSPOKEN = [
  'model-invalid',
  'parameter-invalid',
  'method-not-allowed',
  'host-unknown',
  'origin-refused',
  'not-found',
  'configuration-invalid',
  'port-taken',
  'folder-locked',
  'folder-unwritable',
  'labels-invalid',
  'recordings-insufficient',
  'setting-invalid',
] as const satisfies readonly ErrorCode[];
