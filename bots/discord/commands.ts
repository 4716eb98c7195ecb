import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  type RESTPutAPIApplicationCommandsJSONBody,
} from 'discord-api-types/v10';

/** The names under which people find the commands. */
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

/** In servers, in direct messages with the bot, and between people; added to a server or by a person. */
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
 * Every command, as `npm run bot:discord:register` registers them. Who may use `auto` is checked when it
 * is used: Discord hides whole commands only, and this one has parts for everybody.
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
        description: 'Say how a recording of yours sounds; only you see the answer',
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
        description: 'Whether every voice note in this channel is answered',
        options: [
          {
            type: Subcommand,
            name: NAMES.on,
            description: 'Answer every voice note in this channel (moderators)',
          },
          {
            type: Subcommand,
            name: NAMES.off,
            description: 'Answer only people who ask about their own notes (moderators)',
          },
        ],
      },
      { type: Subcommand, name: NAMES.help, description: 'What this bot can do' },
      { type: Subcommand, name: NAMES.about, description: 'What this bot is, and what it is not' },
      { type: Subcommand, name: NAMES.privacy, description: 'What happens to recordings' },
    ],
  },
];
