import {
  type APIAllowedMentions,
  type APIAttachment,
  type APIEmbed,
  type APIMessage,
  type APIMessageSnapshotFields,
  type APIUser,
  ChannelType,
  MessageFlags,
  MessageReferenceType,
  MessageType,
} from 'discord-api-types/v10';
import { checkMessage } from './message-body.ts';
import {
  invalidBody,
  missingAccess,
  missingPermissions,
  noHistory,
  unknownChannel,
  unknownMessage,
} from './refusal.ts';
import { snowflake } from './snowflake.ts';

export interface LocalGuild {
  readonly id: string;
  /** Whether the bot is a member. */
  readonly hasBot: boolean;
  readonly channels: LocalChannel[];
  /** The language of the server, which its administrators may choose. */
  preferredLocale: string;
}

export interface LocalChannel {
  readonly id: string;
  readonly type: ChannelType.GuildText | ChannelType.PublicThread | ChannelType.DM;
  readonly guild: LocalGuild | null;
  /** The channel of a thread. */
  readonly parent: LocalChannel | null;
  readonly messages: Map<string, APIMessage>;
  /** Whether the bot may write here. */
  isWritable: boolean;
  /** Whether it may read what was written before, without which it may not reply. */
  isReadable: boolean;
  /** Other party of a direct message. */
  readonly user: APIUser | null;
  /** Whether the bot is in it: not in direct messages between people, nor in a server without it. */
  readonly hasBot: boolean;
}

/** What is posted, by people and by the bot. */
export interface NewMessage {
  readonly content?: string | undefined;
  readonly embeds?: APIEmbed[] | undefined;
  readonly attachments?: APIAttachment[] | undefined;
  readonly flags?: number | undefined;
  readonly webhookId?: string;
  readonly nonce?: string | number | undefined;
  readonly enforceNonce?: boolean | undefined;
  readonly replyTo?: { readonly id: string; readonly mustExist: boolean } | undefined;
  readonly allowedMentions?: APIAllowedMentions | undefined;
  readonly forwards?: APIMessage;
}

/** People, servers, channels and messages, as Discord keeps them. */
export class World {
  readonly bot: APIUser = user('undertone', true);
  readonly applicationId = snowflake();
  readonly guilds: LocalGuild[] = [];
  readonly channels = new Map<string, LocalChannel>();
  readonly #nonces = new Map<string, APIMessage>();

  addUser(options: { readonly isBot?: boolean } = {}): APIUser {
    return user('somebody', options.isBot ?? false);
  }

  addGuild({
    id = snowflake(),
    hasBot = true,
    preferredLocale = 'en-US',
  }: Partial<LocalGuild> = {}): LocalGuild {
    const guild = { id, hasBot, channels: [], preferredLocale };
    this.guilds.push(guild);
    return guild;
  }

  addChannel(guild: LocalGuild): LocalChannel {
    const channel = this.#keep({ type: ChannelType.GuildText, guild, parent: null, user: null });
    guild.channels.push(channel);
    return channel;
  }

  addThread(parent: LocalChannel): LocalChannel {
    const { guild } = parent;
    const thread = this.#keep({ type: ChannelType.PublicThread, guild, parent, user: null });
    guild?.channels.push(thread);
    return thread;
  }

  addDirect(user: APIUser): LocalChannel {
    return this.#keep({ type: ChannelType.DM, guild: null, parent: null, user });
  }

  /** Direct messages between two people. */
  addPrivate(user: APIUser): LocalChannel {
    return this.#keep({ type: ChannelType.DM, guild: null, parent: null, user }, false);
  }

  /** The channel, if the bot may know of it. */
  channelOfBot(id: string | undefined): LocalChannel {
    const channel = this.channel(id);
    if (!channel.hasBot) throw missingAccess();
    return channel;
  }

  channel(id: string | undefined): LocalChannel {
    const channel = this.channels.get(id ?? '');
    if (!channel) throw unknownChannel();
    return channel;
  }

  message(channel: LocalChannel, id: string | undefined): APIMessage {
    const message = channel.messages.get(id ?? '');
    if (!message) throw unknownMessage();
    return message;
  }

  /**
   * Posts a message; one of the bot with a nonce that it used before gives the message of then.
   *
   * @throws Refusal as Discord's
   */
  post(
    channel: LocalChannel,
    author: APIUser,
    message: NewMessage,
  ): { readonly message: APIMessage; readonly isNew: boolean } {
    const isBot = author.id === this.bot.id;
    if (isBot) {
      checkMessage(message);
      if (!channel.isWritable) throw missingPermissions();
      if (message.replyTo && !channel.isReadable) throw noHistory();
    }
    const nonce = message.enforceNonce ? String(message.nonce) : undefined;
    const before = nonce && this.#nonces.get(nonce);
    if (before) return { message: before, isNew: false };
    const built = buildMessage(channel, author, message);
    channel.messages.set(built.id, built);
    if (nonce) this.#nonces.set(nonce, built);
    return { message: built, isNew: true };
  }

  #keep(
    channel: Pick<LocalChannel, 'type' | 'guild' | 'parent' | 'user'>,
    hasBot = channel.guild?.hasBot ?? true,
  ): LocalChannel {
    const allowed = { isWritable: true, isReadable: true };
    const kept = { ...channel, hasBot, id: snowflake(), messages: new Map(), ...allowed };
    this.channels.set(kept.id, kept);
    return kept;
  }
}

function user(username: string, bot: boolean): APIUser {
  const id = snowflake();
  return {
    id,
    username: `${username}-${id}`,
    discriminator: '0',
    global_name: null,
    avatar: null,
    bot,
  };
}

/** Returns a message of a channel, or of an interaction, which no channel keeps. */
export function buildMessage(
  channel: LocalChannel,
  author: APIUser,
  message: NewMessage,
): APIMessage {
  const { content = '', embeds = [], attachments = [], flags = 0, replyTo, forwards } = message;
  const repliedTo = replyTo && channel.messages.get(replyTo.id);
  if (replyTo && !repliedTo && replyTo.mustExist) {
    const code = 'MESSAGE_REFERENCE_UNKNOWN_MESSAGE';
    throw invalidBody('message_reference', code, 'Unknown message');
  }
  return {
    id: snowflake(),
    channel_id: channel.id,
    author,
    content,
    timestamp: new Date().toISOString(),
    edited_timestamp: null,
    tts: false,
    mention_everyone: false,
    mentions: pings(message, repliedTo),
    mention_roles: [],
    attachments,
    embeds,
    pinned: false,
    type: repliedTo ? MessageType.Reply : MessageType.Default,
    flags: flags as MessageFlags,
    ...(message.nonce !== undefined && { nonce: message.nonce }),
    ...(message.webhookId && { webhook_id: message.webhookId }),
    ...(replyTo && {
      message_reference: { type: 0, message_id: replyTo.id, channel_id: channel.id },
    }),
    ...(forwards && {
      flags: flags | MessageFlags.HasSnapshot,
      message_reference: {
        type: MessageReferenceType.Forward,
        message_id: forwards.id,
        channel_id: forwards.channel_id,
      },
      message_snapshots: [{ message: snapshotOf(forwards) }],
    }),
  };
}

/**
 * Returns the fields that Discord copies of a forwarded message (its docs: "Message Snapshot Object").
 * Copies inside of copies are announced there, up to a depth.
 */
function snapshotOf(message: APIMessage): APIMessageSnapshotFields {
  const { type, content, embeds, attachments, timestamp, edited_timestamp } = message;
  const flags = message.flags as MessageFlags;
  const { mentions, mention_roles, message_snapshots } = message;
  return {
    ...{ type, content, embeds, attachments, timestamp, edited_timestamp, flags },
    ...{ mentions, mention_roles, ...(message_snapshots && { message_snapshots }) },
  };
}

/** Whom a reply notifies: the author of the first message, unless it is told not to. */
function pings({ allowedMentions }: NewMessage, repliedTo: APIMessage | undefined): APIUser[] {
  if (!repliedTo || allowedMentions?.replied_user === false) return [];
  if (allowedMentions && allowedMentions.replied_user === undefined) return [];
  return [repliedTo.author];
}

export interface VoiceMessage {
  readonly url: string;
  readonly bytes: number;
  readonly seconds: number;
}

/** Returns what a phone sends when somebody holds the microphone button. */
export function voiceMessage({ url, bytes, seconds }: VoiceMessage): NewMessage {
  const attachment = {
    id: snowflake(),
    filename: 'voice-message.ogg',
    size: bytes,
    url,
    proxy_url: url,
    content_type: 'audio/ogg',
    duration_secs: seconds,
    waveform: Buffer.alloc(64, 40).toString('base64'),
  };
  return { attachments: [attachment], flags: MessageFlags.IsVoiceMessage };
}

/** Returns a message with files of any kind. */
export function withFiles(
  ...files: { readonly url: string; readonly name: string; readonly type?: string; size?: number }[]
): NewMessage {
  const attachments = files.map(({ url, name, type, size = 1000 }) => ({
    id: snowflake(),
    filename: name,
    size,
    url,
    proxy_url: url,
    ...(type && { content_type: type }),
  }));
  return { attachments };
}
