import type { ErrorCode, Label } from '../../core/index.ts';

/**
 * Everything that the bots say in one language. Another language is another object of this type; nothing
 * outside of this folder has words for people in it, apart from the names of commands.
 *
 * Texts are in the common part of Markdown: `**strong**`, `*emphasis*`, `` `code` ``, line breaks. A
 * platform with a notation of its own translates them.
 */
export interface Strings {
  /** Tag of the language (BCP 47), which also decides how numbers are written. */
  readonly language: string;
  readonly labels: Readonly<Record<Label, string>>;
  /** How sure a verdict is, for a share such as `71%`. */
  readonly sureness: (share: string) => string;
  /** What "uncertain" means, with the nearest emotion and its share. */
  readonly uncertain: (nearest: string, share: string) => string;
  readonly noSpeech: string;
  /** Stands before the shares of a longer note. */
  readonly ofTheSpeech: string;
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
