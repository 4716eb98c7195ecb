import type { Catalogue } from './catalogue.ts';
import { GERMAN } from './de.ts';
import { ENGLISH } from './en.ts';
import { SPANISH } from './es.ts';
import { FRENCH } from './fr.ts';
import { JAPANESE } from './ja.ts';
import { PORTUGUESE } from './pt-br.ts';
import { type Medium, type Strings, stringsOf } from './strings.ts';

/** The languages of the bots. The first is for everyone whose own is missing. */
export const CATALOGUES: readonly Catalogue[] = [
  ENGLISH,
  GERMAN,
  SPANISH,
  FRENCH,
  PORTUGUESE,
  JAPANESE,
];

const BY_LANGUAGE: ReadonlyMap<string, Catalogue> = new Map(
  CATALOGUES.map((catalogue) => [primaryTag(catalogue.language), catalogue]),
);

const built = new Map<string, Strings>();

/**
 * Returns what to say to somebody: in their language if the bots have it, whatever its region, otherwise
 * in English.
 *
 * @param locale as a platform writes it, such as `de`, `es-419` or `pt_BR`; may be anything
 * @example
 * stringsFor('de-AT', 'slack').labels.happy; // fröhlich
 */
export function stringsFor(locale: string | null | undefined, medium: Medium): Strings {
  const catalogue = BY_LANGUAGE.get(primaryTag(locale ?? '')) ?? ENGLISH;
  const key = `${medium} ${catalogue.language}`;
  const strings = built.get(key) ?? stringsOf(catalogue, shownIn(catalogue, medium), medium);
  built.set(key, strings);
  return strings;
}

/** Slack shows one name of a command to everybody. */
function shownIn(catalogue: Catalogue, medium: Medium): Catalogue['commands'] {
  return medium === 'slack' ? ENGLISH.commands : catalogue.commands;
}

/** Returns the language of a locale without script and region: `pt` for `pt-BR`. */
function primaryTag(locale: string): string {
  return locale.split(/[-_]/, 1)[0].toLowerCase();
}

/** English, on a platform where the bot gets messages. */
export const EN: Strings = stringsFor('en', 'discord');
