import {
  type APIMessage,
  type APIUser,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  InteractionType,
  PermissionFlagsBits,
} from 'discord-api-types/v10';
import { channelPayload } from './gateway.ts';
import { snowflake } from './snowflake.ts';
import type { LocalChannel, World } from './world.ts';

interface Asker {
  readonly user: APIUser;
  readonly channel: LocalChannel;
  /** Permissions of the asker in the channel, as a number; none by default. */
  readonly permissions?: bigint;
  /** Permissions of the bot in the channel; all by default. */
  readonly botPermissions?: bigint;
  /** Between two people, where the bot is not a party. */
  readonly isPrivateChannel?: boolean;
  /** Only the asker has installed the bot: it is not where the command is used. */
  readonly isUserInstall?: boolean;
  /** The language of the asker's client: en-US by default. */
  readonly locale?: string;
}

type Fields = Record<string, unknown>;

export const ALL_PERMISSIONS = Object.values(PermissionFlagsBits).reduce((all, bit) => all | bit);

/** What Discord sends when somebody chooses "Read emotion" in the menu of a message. */
export function readEmotion(message: APIMessage, asker: Asker): Fields {
  return command(asker, {
    type: ApplicationCommandType.Message,
    name: 'Read emotion',
    target_id: message.id,
    resolved: { messages: { [message.id]: message } },
  });
}

/**
 * What Discord sends for a slash command.
 *
 * @example
 * slash('auto on', { user, channel, permissions });
 */
export function slash(words: string, asker: Asker): Fields {
  const [first, second] = words.split(' ');
  const { Subcommand, SubcommandGroup } = ApplicationCommandOptionType;
  const options = second
    ? [
        {
          type: SubcommandGroup,
          name: first,
          options: [{ type: Subcommand, name: second, options: [] }],
        },
      ]
    : [{ type: Subcommand, name: first, options: [] }];
  return command(asker, { type: ApplicationCommandType.ChatInput, name: 'undertone', options });
}

/** What Discord sends for `/undertone read` with a file. */
export function slashRead(attachment: { readonly id: string }, asker: Asker): Fields {
  const { Subcommand, Attachment } = ApplicationCommandOptionType;
  const note = { type: Attachment, name: 'note', value: attachment.id };
  return command(asker, {
    type: ApplicationCommandType.ChatInput,
    name: 'undertone',
    options: [{ type: Subcommand, name: 'read', options: [note] }],
    resolved: { attachments: { [attachment.id]: attachment } },
  });
}

/** What Discord sends for any command. */
export function command(asker: Asker, data: Fields): Fields {
  const { user, channel, permissions = 0n, isPrivateChannel, isUserInstall } = asker;
  const { locale = 'en-US', botPermissions = ALL_PERMISSIONS } = asker;
  const { guild } = channel;
  const context = guild
    ? InteractionContextType.Guild
    : isPrivateChannel
      ? InteractionContextType.PrivateChannel
      : InteractionContextType.BotDM;
  return {
    type: InteractionType.ApplicationCommand,
    data: { id: snowflake(), ...data },
    channel: channelPayload(channel),
    channel_id: channel.id,
    context,
    // Where the bot is not a party, only the asker can have installed it.
    authorizing_integration_owners:
      isUserInstall || isPrivateChannel
        ? { [ApplicationIntegrationType.UserInstall]: user.id }
        : { [ApplicationIntegrationType.GuildInstall]: guild?.id ?? '0' },
    entitlements: [],
    locale,
    app_permissions: String(botPermissions),
    attachment_size_limit: 10_485_760,
    ...(guild
      ? {
          guild_id: guild.id,
          guild: { id: guild.id, locale: guild.preferredLocale, features: [] },
          guild_locale: guild.preferredLocale,
          member: {
            user,
            permissions: String(permissions),
            roles: [],
            joined_at: '2026-01-01T00:00:00.000000+00:00',
            deaf: false,
            mute: false,
            flags: 0,
          },
        }
      : { user }),
  };
}

/** A ping, with which Discord checks an endpoint. */
export function ping({ applicationId }: World): Fields {
  return {
    ...{ id: snowflake(), application_id: applicationId, token: 'ping', version: 1 },
    type: InteractionType.Ping,
  };
}
