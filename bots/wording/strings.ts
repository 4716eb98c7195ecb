import type { ErrorCode } from '../../core/errors.ts';
import type { Label, Verdict } from '../../core/verdict.ts';

/**
 * Everything that the bots say in one language. Another language is another object of this type; nothing
 * outside of this folder has words for people in it, apart from the names of commands.
 *
 * Texts are in the common part of Markdown: `**strong**`, `*emphasis*`, `` `code` ``, line breaks. A
 * platform with a notation of its own translates them.
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
  /** That this is a guess about a sound, and not about a person. */
  readonly footer: string;
  /** What goes with the first answer that somebody sees. */
  readonly notice: string;
  readonly help: { readonly title: string; readonly text: string };
  readonly about: { readonly title: string; readonly text: string };
  readonly privacy: { readonly title: string; readonly text: string };
  readonly automaticOn: string;
  readonly automaticOff: string;
  readonly moderatorsOnly: string;
  readonly onlyInChannels: string;
  /** The bot cannot open a channel that it is not in; for platforms where commands work there too. */
  readonly inviteMe: string;
  readonly unknownCommand: string;
  /** Shown while a note is being heard. */
  readonly listening: string;
  /** What is said for each error; `wait` is the seconds of `rate-limited`. */
  readonly errors: Readonly<Record<ErrorCode, string>>;
  readonly wait: (seconds: number) => string;
}
