import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  type LocalizationMap,
  OAuth2Scopes,
  PermissionFlagsBits,
  type RESTPutAPIApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import type { Catalogue, Commands } from '../wording/catalogue.ts';
import { ENGLISH } from '../wording/en.ts';
import { CATALOGUES } from '../wording/languages.ts';

/** The names of the commands, by which Discord sends them whatever language they are shown in. */
export const NAMES = {
  readEmotion: ENGLISH.commands.readEmotion.name,
  undertone: ENGLISH.commands.undertone.name,
  read: ENGLISH.commands.read.name,
  note: ENGLISH.commands.note.name,
  auto: ENGLISH.commands.auto.name,
  on: ENGLISH.commands.on.name,
  off: ENGLISH.commands.off.name,
  help: ENGLISH.commands.help.name,
  about: ENGLISH.commands.about.name,
  privacy: ENGLISH.commands.privacy.name,
} as const;

/** In servers, in direct messages with the bot and between people; installed to a server or by a user. */
const EVERYWHERE = {
  integration_types: [
    ApplicationIntegrationType.GuildInstall,
    ApplicationIntegrationType.UserInstall,
  ],
  contexts: [
    InteractionContextType.Guild,
    InteractionContextType.BotDM,
    InteractionContextType.PrivateChannel,
  ],
};

const { Subcommand, SubcommandGroup, Attachment } = ApplicationCommandOptionType;

/**
 * Every command, as `npm run bot:discord:register` registers it. Who may use `auto` is checked when it is
 * used: Discord can only hide whole commands, and parts of this one are for everyone.
 */
export const COMMANDS: RESTPutAPIApplicationCommandsJSONBody = [
  { ...EVERYWHERE, type: ApplicationCommandType.Message, ...named('readEmotion') },
  {
    ...EVERYWHERE,
    type: ApplicationCommandType.ChatInput,
    ...described('undertone'),
    options: [
      {
        type: Subcommand,
        ...described('read'),
        options: [{ type: Attachment, ...described('note'), required: true }],
      },
      {
        type: SubcommandGroup,
        ...described('auto'),
        options: [
          { type: Subcommand, ...described('on') },
          { type: Subcommand, ...described('off') },
        ],
      },
      { type: Subcommand, ...described('help') },
      { type: Subcommand, ...described('about') },
      { type: Subcommand, ...described('privacy') },
    ],
  },
];

/** Returns the name of a command or an option, in English and in the other languages. */
function named(key: keyof Commands) {
  return {
    name: NAMES[key],
    name_localizations: inEveryLanguage(({ commands }) => commands[key].name),
  };
}

/** Returns the name and the description of a command or an option, in every language. */
function described(key: Exclude<keyof Commands, 'readEmotion'>) {
  return {
    ...named(key),
    description: ENGLISH.commands[key].description,
    description_localizations: inEveryLanguage(({ commands }) => commands[key].description),
  };
}

function inEveryLanguage(text: (catalogue: Catalogue) => string): LocalizationMap {
  return Object.fromEntries(
    CATALOGUES.flatMap((catalogue) =>
      catalogue.discordLocales.map((locale) => [locale, text(catalogue)]),
    ),
  );
}

/** The permissions that the bot needs in a server, and why. */
export const PERMISSIONS = [
  {
    name: 'View Channels',
    bit: PermissionFlagsBits.ViewChannel,
    why: 'to see that a note was posted',
  },
  { name: 'Send Messages', bit: PermissionFlagsBits.SendMessages, why: 'to reply' },
  {
    name: 'Send Messages in Threads',
    bit: PermissionFlagsBits.SendMessagesInThreads,
    why: 'to reply in threads too',
  },
  { name: 'Embed Links', bit: PermissionFlagsBits.EmbedLinks, why: 'to show the answer as a card' },
  {
    name: 'Read Message History',
    bit: PermissionFlagsBits.ReadMessageHistory,
    why: 'to reply to a message, and to answer notes missed during an interruption',
  },
] as const;

/** Returns the link with which people install the bot for themselves, to use its commands everywhere. */
export function userInstallLink(applicationId: string): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: OAuth2Scopes.ApplicationsCommands,
    integration_type: String(ApplicationIntegrationType.UserInstall),
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}

/** Returns the link with which people add the bot to a server. */
export function inviteLink(applicationId: string): string {
  const permissions = PERMISSIONS.reduce((all, { bit }) => all | bit, 0n);
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: [OAuth2Scopes.Bot, OAuth2Scopes.ApplicationsCommands].join(' '),
    permissions: String(permissions),
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}
