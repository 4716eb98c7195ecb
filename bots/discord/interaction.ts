import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  ChannelType,
  InteractionContextType,
  InteractionType,
  MessageFlags,
  PermissionFlagsBits,
} from 'discord-api-types/v10';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import type { Note } from '../answer.ts';
import type { Place } from '../settings.ts';
import { NAMES } from './commands.ts';

const snowflakeSchema = z.string().regex(/^\d{1,20}$/);

const attachmentSchema = z.object({
  url: z.string(),
  filename: z.string().default(''),
  size: z.number().optional(),
  content_type: z.string().nullish(),
  duration_secs: z.number().nullish(),
});

/** What someone posted, or what was in a message that they forwarded. */
const contentSchema = z.object({
  flags: z.number().default(0),
  attachments: z.array(attachmentSchema).default([]),
  /** Copies of the forwarded messages, without their authors. Today there is one, with none in it. */
  get message_snapshots(): z.ZodOptional<z.ZodArray<typeof snapshotSchema>> {
    return z.array(snapshotSchema).optional();
  },
});
const snapshotSchema = z.object({ message: contentSchema });

/** The parts of a message that the bot reads. */
export const messageSchema = contentSchema.extend({
  id: snowflakeSchema,
  channel_id: snowflakeSchema,
  guild_id: snowflakeSchema.optional(),
  author: z.object({ id: snowflakeSchema, bot: z.boolean().optional() }),
  webhook_id: snowflakeSchema.optional(),
  type: z.number().default(0),
});

export type DiscordMessage = z.infer<typeof messageSchema>;
type DiscordAttachment = z.infer<typeof attachmentSchema>;

/** For files with no type or a useless one. WebM is labelled as video even without a picture. */
const AUDIO_NAME = /\.(aac|aif{1,2}|amr|flac|m4a|mka|mp3|og[ag]|opus|wav|weba|webm|wma)$/i;

/**
 * Returns the voice message or the audio files of a message, then those that it forwards; nothing for
 * pictures, videos and so on.
 */
export function notesOf(content: z.infer<typeof contentSchema>): Note[] {
  const { attachments, flags, message_snapshots = [] } = content;
  const isVoiceMessage = Boolean(flags & MessageFlags.IsVoiceMessage);
  const own = attachments.filter((attachment) => isVoiceMessage || isAudio(attachment)).map(noteOf);
  const forwarded = message_snapshots.flatMap(({ message }) => notesOf(message));
  return [...own, ...forwarded.map((note) => ({ ...note, isAuthorUnknown: true }))];
}

function noteOf({ url, size, duration_secs }: DiscordAttachment): Note {
  return { url, size, durationSeconds: duration_secs ?? undefined };
}

function isAudio({ content_type, filename }: DiscordAttachment): boolean {
  return /^(audio\/|application\/ogg)/i.test(content_type ?? '') || AUDIO_NAME.test(filename);
}

/** What someone wants. */
export type Command =
  | { readonly kind: 'help' | 'about' | 'privacy' }
  | { readonly kind: 'auto'; readonly isOn: boolean }
  | { readonly kind: 'read'; readonly notes: readonly Note[]; readonly author: string }
  | { readonly kind: 'unknown' };

/** A command that someone used, and where. */
export interface CommandInteraction {
  readonly id: string;
  /** Lets the bot answer for fifteen minutes. */
  readonly token: string;
  readonly applicationId: string;
  readonly place: Place;
  readonly asker: string;
  /** The language of the asker's Discord, such as `de` or `es-419`; null if it is not known. */
  readonly locale: string | null;
  /** Whether the asker may manage the channel or the server, according to Discord. */
  readonly isModerator: boolean;
  /** Whether the bot is where the command was used; not if only the asker has installed it. */
  readonly isMember: boolean;
  /** Whether the bot may read and reply there, according to Discord. */
  readonly mayReply: boolean;
  readonly command: Command;
}

const valueSchema = z.object({ name: z.string(), type: z.number(), value: z.unknown().optional() });
/** Options of a subcommand, which may be in a group: no deeper, however deep somebody nests them. */
const optionSchema = valueSchema.extend({
  options: z.array(valueSchema.extend({ options: z.array(valueSchema).optional() })).optional(),
});
type Option = z.infer<typeof optionSchema>;

const userSchema = z.object({ id: snowflakeSchema });

const interactionSchema = z
  .object({
    id: snowflakeSchema,
    token: z.string().min(1),
    application_id: snowflakeSchema,
    type: z.number(),
    guild_id: snowflakeSchema.optional(),
    channel: z.object({
      id: snowflakeSchema,
      type: z.number(),
      parent_id: snowflakeSchema.nullish(),
    }),
    context: z.number().nullish(),
    authorizing_integration_owners: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .optional(),
    /** Those of the bot where the command was used. */
    app_permissions: z.string().regex(/^\d+$/).optional().catch(undefined),
    member: z
      .object({ user: userSchema, permissions: z.string().regex(/^\d+$/).default('0') })
      .optional(),
    user: userSchema.optional(),
    // Whatever it is, the asker gets an answer.
    locale: z.string().max(20).optional().catch(undefined),
    data: z
      .object({
        name: z.string(),
        type: z.number(),
        options: z.array(optionSchema).default([]),
        target_id: snowflakeSchema.optional(),
        resolved: z
          .object({
            messages: z.record(z.string(), messageSchema).default({}),
            attachments: z.record(z.string(), attachmentSchema).default({}),
          })
          .prefault({}),
      })
      .optional(),
  })
  .refine(({ member, user }) => member ?? user, 'nobody asked');

type Payload = z.infer<typeof interactionSchema>;
type Data = NonNullable<Payload['data']>;

const MODERATORS =
  PermissionFlagsBits.ManageChannels |
  PermissionFlagsBits.ManageGuild |
  PermissionFlagsBits.Administrator;

/** What a reply to a message takes, besides leave to write. */
const REPLYING =
  PermissionFlagsBits.ViewChannel |
  PermissionFlagsBits.EmbedLinks |
  PermissionFlagsBits.ReadMessageHistory;

const THREADS: ReadonlySet<number> = new Set([
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
]);

/** Returns whether Discord only checks that the endpoint responds. */
export function isPing(payload: unknown): boolean {
  return z.object({ type: z.literal(InteractionType.Ping) }).safeParse(payload).success;
}

/**
 * Returns the part of an interaction that the bot needs, for a queue to keep: without the texts of
 * messages and the names of people.
 *
 * @throws UndertoneError `parameter-invalid` for anything that is no interaction
 */
export function essentialsOf(payload: unknown): Payload {
  const parsed = interactionSchema.safeParse(payload);
  if (!parsed.success) throw unreadable(parsed.error);
  return parsed.data;
}

/**
 * Parses the interaction that Discord sends when someone uses a command, over HTTP or the gateway.
 *
 * @throws UndertoneError `parameter-invalid` for anything that is no interaction
 */
export function readInteraction(payload: unknown): CommandInteraction {
  const essentials = essentialsOf(payload);
  const { id, token, application_id, member, user, type, data } = essentials;
  const installed = essentials.authorizing_integration_owners;
  const asker = (member?.user ?? user)?.id as string;
  const isCommand = type === InteractionType.ApplicationCommand && data;
  return {
    id,
    token,
    applicationId: application_id,
    place: placeOf(essentials),
    asker,
    locale: essentials.locale ?? null,
    isMember: installed === undefined || ApplicationIntegrationType.GuildInstall in installed,
    isModerator: (BigInt(member?.permissions ?? 0) & MODERATORS) !== 0n,
    mayReply: mayReply(essentials),
    command: isCommand ? readCommand(data, asker) : { kind: 'unknown' },
  };
}

function mayReply({ app_permissions, channel }: Payload): boolean {
  if (app_permissions === undefined) return true;
  const writing = THREADS.has(channel.type)
    ? PermissionFlagsBits.SendMessagesInThreads
    : PermissionFlagsBits.SendMessages;
  const needed = REPLYING | writing;
  return (BigInt(app_permissions) & needed) === needed;
}

function placeOf({ guild_id, channel, context }: Payload): Place {
  return {
    platform: 'discord',
    workspace: guild_id ?? null,
    channel: THREADS.has(channel.type) ? (channel.parent_id ?? channel.id) : channel.id,
    // False for direct messages between two people, where the commands work as well.
    isDirect: context === InteractionContextType.BotDM,
  };
}

function readCommand(data: Data, asker: string): Command {
  if (data.type === ApplicationCommandType.Message && data.name === NAMES.readEmotion) {
    return readMessage(data.resolved.messages[data.target_id ?? '']);
  }
  if (data.type === ApplicationCommandType.ChatInput && data.name === NAMES.undertone) {
    return readSlash(data, asker);
  }
  return { kind: 'unknown' };
}

function readMessage(message: DiscordMessage | undefined): Command {
  if (!message) return { kind: 'unknown' };
  return { kind: 'read', notes: notesOf(message), author: message.author.id };
}

function readSlash({ options, resolved }: Data, asker: string): Command {
  const [first] = options;
  switch (first?.name) {
    case NAMES.help:
    case NAMES.about:
    case NAMES.privacy:
      return { kind: first.name };
    case NAMES.auto: {
      const state = first.options?.[0]?.name;
      if (state === NAMES.on || state === NAMES.off) {
        return { kind: 'auto', isOn: state === NAMES.on };
      }
      return { kind: 'unknown' };
    }
    case NAMES.read: {
      const attachment = attachedTo(first, resolved.attachments);
      // A file uploaded with a command counts as one's own.
      return { kind: 'read', notes: attachment ? [noteOf(attachment)] : [], author: asker };
    }
    default:
      return { kind: 'unknown' };
  }
}

function attachedTo(
  { options = [] }: Option,
  attachments: Readonly<Record<string, DiscordAttachment>>,
): DiscordAttachment | undefined {
  const option = options.find(
    ({ name, type }) => name === NAMES.note && type === ApplicationCommandOptionType.Attachment,
  );
  const id = String(option?.value);
  return Object.hasOwn(attachments, id) ? attachments[id] : undefined;
}

function unreadable(cause: unknown): UndertoneError {
  return new UndertoneError(
    'parameter-invalid',
    'This is not an interaction of Discord: a part that is always present is missing.',
    { cause },
  );
}
