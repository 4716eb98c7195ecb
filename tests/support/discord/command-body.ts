import {
  type APIApplicationCommandOption,
  ApplicationCommandType,
  ApplicationIntegrationType,
  type RESTPutAPIApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import { invalidBody } from './refusal.ts';

/** Names of slash commands and of all options (Discord's docs: "Application Command Naming"). */
const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

/**
 * Checks commands as Discord does before it registers them.
 *
 * @throws Refusal 50035
 */
export function checkCommands(commands: RESTPutAPIApplicationCommandsJSONBody): void {
  commands.forEach((command, i) => {
    if (command.type === ApplicationCommandType.Message) {
      if (command.name.length > 32) tooLong(`${i}.name`);
      if ('description' in command) {
        const message = 'Context menu commands cannot have description';
        throw invalidBody(`${i}.description`, 'APPLICATION_COMMAND_CONTEXT_MENU', message);
      }
      return;
    }
    checkNamed(String(i), command as Named);
  });
}

interface Named {
  readonly name: string;
  readonly description: string;
  readonly options?: readonly APIApplicationCommandOption[];
}

function checkNamed(path: string, { name, description, options = [] }: Named): void {
  if (!NAME.test(name) || name !== name.toLowerCase()) {
    const code = 'APPLICATION_COMMAND_INVALID_NAME';
    throw invalidBody(`${path}.name`, code, 'Command name is invalid');
  }
  if (!description || description.length > 100) tooLong(`${path}.description`);
  if (options.length > 25) tooLong(`${path}.options`);
  options.forEach((option, i) => {
    checkNamed(`${path}.options.${i}`, option as Named);
  });
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
