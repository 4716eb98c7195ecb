import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  OAuth2Scopes,
  PermissionFlagsBits,
  type RESTPutAPIApplicationCommandsJSONBody,
} from 'discord-api-types/v10';

/** The names of the commands. */
export const NAMES = {
  readEmotion: 'Read emotion',
  undertone: 'undertone',
  read: 'read',
  note: 'note',
  auto: 'auto',
  on: 'on',
  off: 'off',
  help: 'help',
  about: 'about',
  privacy: 'privacy',
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
  { ...EVERYWHERE, type: ApplicationCommandType.Message, name: NAMES.readEmotion },
  {
    ...EVERYWHERE,
    type: ApplicationCommandType.ChatInput,
    name: NAMES.undertone,
    description: 'How a voice note sounds',
    options: [
      {
        type: Subcommand,
        name: NAMES.read,
        description: 'Tell how a recording of yours sounds; only you see the answer',
        options: [
          {
            type: Attachment,
            name: NAMES.note,
            description: 'A voice note or an audio file',
            required: true,
          },
        ],
      },
      {
        type: SubcommandGroup,
        name: NAMES.auto,
        description: 'Whether this channel is open, so that everyone’s voice notes may be answered',
        options: [
          {
            type: Subcommand,
            name: NAMES.on,
            description: 'Open this channel: everyone’s voice notes may be answered (moderators)',
          },
          {
            type: Subcommand,
            name: NAMES.off,
            description:
              'Close this channel: people can ask only about their own notes (moderators)',
          },
        ],
      },
      { type: Subcommand, name: NAMES.help, description: 'What this bot can do' },
      { type: Subcommand, name: NAMES.about, description: 'What this bot is, and what it is not' },
      { type: Subcommand, name: NAMES.privacy, description: 'What happens to recordings' },
    ],
  },
];

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
