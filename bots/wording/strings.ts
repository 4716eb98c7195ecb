import type { ErrorCode, Label, Verdict } from '../../core/index.ts';
import type { Quotas } from '../limits.ts';

/**
 * Everything the bots say in one language; another language is another object of this type. Apart from
 * the names of commands, all text for people is here.
 *
 * Texts use the common subset of Markdown: `**strong**`, `*emphasis*`, `` `code` ``, line breaks.
 * Platforms with a different notation convert them.
 */
export interface Strings {
  readonly labels: Readonly<Record<Label, string>>;
  /** `Happy`, `Uncertain`, `Angry, then happy`. */
  readonly headline: (verdict: Verdict) => string;
  /** `71% sure`; null where no one emotion is named. */
  readonly sureness: (verdict: Verdict) => string | null;
  /** What a headline means that does not name one emotion; null where it does. */
  readonly meaning: (verdict: Verdict) => string | null;
  /** A share from 0 to 1 in whole percent: `71%`. */
  readonly percent: (share: number) => string;
  /** `Of the speech: 80% happy, 20% neutral.` */
  readonly shares: (summary: Verdict['summary']) => string;
  /** That this is a guess about a sound, not about a person. */
  readonly footer: string;
  /** Goes with the first answer that someone sees. */
  readonly notice: string;
  readonly help: { readonly title: string; readonly text: string };
  readonly about: { readonly title: string; readonly text: string };
  readonly privacy: { readonly title: string; readonly text: string };
  readonly automaticOn: string;
  readonly automaticOff: string;
  readonly moderatorsOnly: string;
  readonly onlyInChannels: string;
  /** The bot cannot open a channel it is not in, although its commands work there; on Slack. */
  readonly inviteMe: string;
  /** The same on Discord, where people can install the bot for themselves. */
  readonly addMe: string;
  readonly unknownCommand: string;
  /** Answers a command in a workspace of Slack whose token is not known. */
  readonly notInstalled: string;
  /** The web pages with which a workspace of Slack installs the app. Paragraphs are separated by empty lines. */
  readonly install: InstallPage & {
    readonly done: InstallPage;
    readonly doneForOrganization: InstallPage;
    /** Its text is that of the error, in English. */
    readonly failed: Omit<InstallPage, 'text'>;
  };
  /** What to say for each error; `wait` takes the seconds of `rate-limited`. */
  readonly errors: Readonly<Record<ErrorCode, string>>;
  readonly wait: (seconds: number) => string;
  /** Goes below the help: what is left for the person who asks, where it is limited. */
  readonly quota: (quotas: Quotas) => string;
}

interface InstallPage {
  readonly title: string;
  readonly text: string;
  /** Text of the link to the next step. */
  readonly button: string;
}
