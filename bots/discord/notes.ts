import { MessageFlags } from 'discord-api-types/v10';
import * as z from 'zod';
import type { Note } from '../answer.ts';

export const snowflakeSchema = z.string().regex(/^\d{1,20}$/);

export const attachmentSchema = z.object({
  url: z.string(),
  filename: z.string().default(''),
  size: z.number().optional(),
  content_type: z.string().nullish(),
  duration_secs: z.number().nullish(),
});

/** What is read of a message that may hold voice notes. */
export const messageSchema = z.object({
  id: snowflakeSchema,
  channel_id: snowflakeSchema,
  guild_id: snowflakeSchema.optional(),
  author: z.object({ id: snowflakeSchema, bot: z.boolean().optional() }),
  webhook_id: snowflakeSchema.optional(),
  type: z.number().default(0),
  flags: z.number().default(0),
  attachments: z.array(attachmentSchema).default([]),
});

export type DiscordMessage = z.infer<typeof messageSchema>;
export type DiscordAttachment = z.infer<typeof attachmentSchema>;

/** Where the type is missing or says nothing. WebM is labelled as video even when it has no picture. */
const AUDIO_NAME = /\.(aac|aif{1,2}|amr|flac|m4a|mka|mp3|og[ag]|opus|wav|weba|webm|wma)$/i;

/** Returns the voice message, or the audio files, of a message; none for pictures, films and the like. */
export function notesOf({ attachments, flags }: Pick<DiscordMessage, 'attachments' | 'flags'>) {
  const isVoiceMessage = Boolean(flags & MessageFlags.IsVoiceMessage);
  return attachments
    .filter((attachment) => isVoiceMessage || isAudio(attachment))
    .map((attachment) => noteOf(attachment));
}

export function noteOf({ url, size, duration_secs }: DiscordAttachment): Note {
  return { url, size, durationSeconds: duration_secs ?? undefined };
}

function isAudio({ content_type, filename }: DiscordAttachment): boolean {
  return /^(audio\/|application\/ogg)/i.test(content_type ?? '') || AUDIO_NAME.test(filename);
}
