import {
  type APIApplicationCommandOption,
  ApplicationCommandType,
  ApplicationIntegrationType,
  Locale,
  type LocalizationMap,
  type RESTPutAPIApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import { invalidBody } from './refusal.ts';

/** Names of slash commands and of all options (Discord's docs: "Application Command Naming"). */
const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

const LOCALES: ReadonlySet<string> = new Set(Object.values(Locale));

/** Characters of all names and descriptions of a command, of each the longest localization. */
const MAX_COMMAND = 8000;

/**
 * Checks commands as Discord does before it registers them.
 *
 * @throws Refusal 50035
 */
export function checkCommands(commands: RESTPutAPIApplicationCommandsJSONBody): void {
  commands.forEach((command, i) => {
    if (command.type === ApplicationCommandType.Message) {
      for (const [path, name] of localized(`${i}.name`, command.name, command.name_localizations)) {
        if (name.length < 1 || name.length > 32) tooLong(path);
      }
      if ('description' in command) {
        const message = 'Context menu commands cannot have description';
        throw invalidBody(`${i}.description`, 'APPLICATION_COMMAND_CONTEXT_MENU', message);
      }
      return;
    }
    if (checkNamed(String(i), command as Named) > MAX_COMMAND) tooLong(String(i));
  });
}

interface Named {
  readonly name: string;
  readonly name_localizations?: LocalizationMap | null;
  readonly description: string;
  readonly description_localizations?: LocalizationMap | null;
  readonly options?: readonly APIApplicationCommandOption[];
}

/** Returns how many characters count. */
function checkNamed(path: string, named: Named): number {
  const { name, name_localizations, description, description_localizations, options = [] } = named;
  const names = localized(`${path}.name`, name, name_localizations);
  for (const [where, text] of names) {
    if (NAME.test(text) && text === text.toLowerCase()) continue;
    throw invalidBody(where, 'APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid');
  }
  const descriptions = localized(`${path}.description`, description, description_localizations);
  for (const [where, text] of descriptions) {
    if (!text || text.length > 100) tooLong(where);
  }
  if (options.length > 25) tooLong(`${path}.options`);
  for (const locale of LOCALES) {
    const shown = options.map(
      (option) => option.name_localizations?.[locale as Locale] ?? option.name,
    );
    if (new Set(shown).size === shown.length) continue;
    const code = 'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS';
    throw invalidBody(`${path}.options`, code, `Option names must be unique (${locale})`);
  }
  const longest = (texts: readonly (readonly [string, string])[]) =>
    Math.max(...texts.map(([, text]) => text.length));
  return options
    .map((option, i) => checkNamed(`${path}.options.${i}`, option as Named))
    .reduce((sum, count) => sum + count, longest(names) + longest(descriptions));
}

/** Returns a text in all its languages, each with its place. */
function localized(
  path: string,
  text: string,
  localizations: Readonly<Record<string, string | null | undefined>> | null | undefined,
): [string, string][] {
  const others = Object.entries(localizations ?? {}).map(([locale, other]): [string, string] => {
    const where = `${path}_localizations.${locale}`;
    if (!LOCALES.has(locale)) throw invalidBody(where, 'BASE_TYPE_CHOICES', 'Not a locale.');
    return [where, other ?? text];
  });
  return [[path, text], ...others];
}

function tooLong(path: string): never {
  throw invalidBody(path, 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 100 in length.');
}

interface Offer {
  readonly name: string;
  readonly type?: number;
  readonly integration_types?: readonly number[];
  readonly contexts?: readonly number[] | null;
}

/**
 * Checks that Discord offers a command where somebody uses it, once commands are registered.
 *
 * @throws Error if people could not choose it there
 */
export function checkOffered(registered: unknown, fields: Readonly<Record<string, unknown>>): void {
  const {
    data,
    context,
    authorizing_integration_owners: owners,
  } = fields as {
    data?: Offer;
    context?: number;
    authorizing_integration_owners?: object;
  };
  if (registered === undefined || !data) return;
  const offers = registered as readonly Offer[];
  const offer = offers.find(({ name, type = 1 }) => name === data.name && type === data.type);
  const { integration_types: types = [ApplicationIntegrationType.GuildInstall], contexts } =
    offer ?? { integration_types: [] };
  const isInstalled = Object.keys(owners ?? {}).some((type) => types.includes(Number(type)));
  if (isInstalled && (contexts?.includes(Number(context)) ?? true)) return;
  throw new Error(`Discord does not offer ${data.name} there.`);
}
