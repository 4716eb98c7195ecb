import * as z from 'zod';

/**
 * The parts of Slack's payloads that the bot reads. Everything else in them is left aside, and what does
 * not look like this is nothing for the bot.
 */

/** https://docs.slack.dev/reference/objects/file-object */
export const fileSchema = z.object({
  id: z.string().min(1),
  /** Who uploaded it: the person whose voice it is, also where somebody else shares it once more. */
  user: z.string().optional(),
  mimetype: z.string().nullish(),
  filetype: z.string().nullish(),
  /** `slack_audio` for clips that were recorded in Slack. */
  subtype: z.string().optional(),
  /** `tombstone` for a deleted one, `external` for one that lies elsewhere. */
  mode: z.string().optional(),
  is_external: z.boolean().optional(),
  /** `check_file_info` where all but the id has to be asked for. */
  file_access: z.string().optional(),
  /** Bytes. */
  size: z.number().nonnegative().optional(),
  duration_ms: z.number().nonnegative().optional(),
  url_private: z.string().optional(),
  url_private_download: z.string().optional(),
});
export type SlackFile = z.infer<typeof fileSchema>;

const files = z.array(fileSchema).optional();

/** Events `message` and `app_mention`. https://docs.slack.dev/reference/events/message */
export const messageEventSchema = z.object({
  type: z.enum(['message', 'app_mention']),
  subtype: z.string().optional(),
  channel: z.string().min(1),
  channel_type: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().nullish(),
  text: z.string().nullish(),
  ts: z.string().min(1),
  thread_ts: z.string().optional(),
  files,
});
export type MessageEvent = z.infer<typeof messageEventSchema>;

export const eventBodySchema = z.object({
  type: z.literal('event_callback'),
  team_id: z.string().nullish(),
  event_id: z.string().min(1),
  event: messageEventSchema,
});

/** https://docs.slack.dev/interactivity/implementing-slash-commands */
export const commandBodySchema = z.object({
  command: z.string(),
  text: z.string().default(''),
  team_id: z.string().nullish(),
  channel_id: z.string().min(1),
  user_id: z.string().min(1),
  trigger_id: z.string().min(1),
  response_url: z.string(),
});
export type CommandBody = z.infer<typeof commandBodySchema>;

/** https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload */
export const shortcutBodySchema = z.object({
  type: z.literal('message_action'),
  callback_id: z.string(),
  trigger_id: z.string().min(1),
  response_url: z.string(),
  team: z.object({ id: z.string() }).nullish(),
  channel: z.object({ id: z.string().min(1) }),
  user: z.object({ id: z.string().min(1) }),
  message: z.object({
    ts: z.string().min(1),
    thread_ts: z.string().optional(),
    user: z.string().optional(),
    files,
  }),
});
export type ShortcutBody = z.infer<typeof shortcutBodySchema>;

/** Direct messages have ids of their own kind, in every payload. */
export function isDirect(channel: string): boolean {
  return channel.startsWith('D');
}
