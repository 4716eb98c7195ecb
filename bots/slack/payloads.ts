import * as z from 'zod';

/**
 * The parts of Slack's payloads that the bot reads. It drops everything else in them, and ignores payloads
 * of any other form.
 */

/** https://docs.slack.dev/reference/objects/file-object */
export const fileSchema = z.object({
  id: z.string().min(1),
  /** Who uploaded it: the person whose voice it is, even if someone else shares it again. */
  user: z.string().optional(),
  mimetype: z.string().nullish(),
  filetype: z.string().nullish(),
  /** `slack_audio` for clips recorded in Slack. */
  subtype: z.string().optional(),
  /** `tombstone` for a deleted file, `external` for one stored elsewhere. */
  mode: z.string().optional(),
  is_external: z.boolean().optional(),
  /** `check_file_info` if everything but the id has to be requested. */
  file_access: z.string().optional(),
  /** Bytes. */
  size: z.number().nonnegative().optional(),
  duration_ms: z.number().nonnegative().optional(),
  url_private: z.string().optional(),
  url_private_download: z.string().optional(),
});
export type SlackFile = z.infer<typeof fileSchema>;

const files = z.array(fileSchema).optional();

/** A message that another one forwards or previews; the attachments of apps have no files. */
const attachmentSchema = z.object({
  files,
  /** What that message forwards itself. */
  get attachments(): z.ZodOptional<z.ZodArray<typeof attachmentSchema>> {
    return z.array(attachmentSchema).optional();
  },
});

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
  ...attachmentSchema.shape,
});
export type MessageEvent = z.infer<typeof messageEventSchema>;

/** Tells which installation of the app a payload is for: Bolt reads it. */
const origin = {
  team_id: z.string().nullish(),
  enterprise_id: z.string().nullish(),
};

const eventOrigin = {
  ...origin,
  is_enterprise_install: z.boolean().nullish(),
  /** One installation that may see the event. In a shared channel `team_id` may be that of another. */
  authorizations: z
    .array(z.object({ ...origin, is_enterprise_install: z.boolean().nullish() }))
    .nullish(),
};

export const eventBodySchema = z.object({
  type: z.literal('event_callback'),
  event_id: z.string().min(1),
  ...eventOrigin,
  event: messageEventSchema,
});

/** Events about a workspace that has removed the app. Of the tokens of people the bot has none. */
const removalBodySchema = z.object({
  type: z.literal('event_callback'),
  event_id: z.string().min(1),
  ...eventOrigin,
  event: z.discriminatedUnion('type', [
    z.object({ type: z.literal('app_uninstalled') }),
    z.object({
      type: z.literal('tokens_revoked'),
      tokens: z.object({ bot: z.array(z.string()).min(1) }),
    }),
  ]),
});

/** What may follow the command. */
const SUBCOMMANDS = ['', 'help', 'about', 'privacy', 'auto on', 'auto off'] as const;

/** Returns the subcommand that somebody typed, and nothing else of what they wrote. */
function subcommand(text: string): (typeof SUBCOMMANDS)[number] | 'unknown' {
  const words = text.trim().toLowerCase().split(/\s+/).join(' ');
  return SUBCOMMANDS.find((known) => known === words) ?? 'unknown';
}

/** https://docs.slack.dev/interactivity/implementing-slash-commands */
export const commandBodySchema = z.object({
  command: z.string(),
  text: z.string().default('').transform(subcommand),
  ...origin,
  /** In commands it is text, as in forms everything is. */
  is_enterprise_install: z.string().nullish(),
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
  enterprise: z.object({ id: z.string() }).nullish(),
  is_enterprise_install: z.boolean().nullish(),
  channel: z.object({ id: z.string().min(1) }),
  user: z.object({ id: z.string().min(1), team_id: z.string().nullish() }),
  message: z.object({
    ts: z.string().min(1),
    thread_ts: z.string().optional(),
    user: z.string().optional(),
    ...attachmentSchema.shape,
  }),
});
export type ShortcutBody = z.infer<typeof shortcutBodySchema>;

/** The ids of direct messages have a prefix of their own. */
export function isDirect(channel: string): boolean {
  return channel.startsWith('D');
}

/** File types that hold audio, as Slack names them. */
const AUDIO_TYPES: ReadonlySet<string> = new Set([
  'aac',
  'aiff',
  'amr',
  'flac',
  'm4a',
  'mp3',
  'oga',
  'ogg',
  'opus',
  'wav',
  'weba',
  'wma',
]);

/**
 * Returns whether a file may be a voice note, as far as one can tell before fetching it. Clips are
 * recognized by their subtype: their type may be `video/mp4` or `audio/mp4`.
 */
export function mayBeNote({ subtype, mimetype, filetype, mode, file_access }: SlackFile): boolean {
  if (subtype === 'slack_audio') return true;
  if (subtype === 'slack_video') return false;
  const isUnknown = file_access === 'check_file_info' || mode === 'tombstone';
  return isUnknown || mimetype?.startsWith('audio/') === true || AUDIO_TYPES.has(filetype ?? '');
}

/** A file that may be a voice note. */
export interface PostedNote {
  readonly file: SlackFile;
  /** Whether it is in a message that was forwarded. */
  readonly isForwarded: boolean;
}

/** Returns the files of a message that may be notes, then those in the messages that it forwards. */
export function notesOf({
  files = [],
  attachments = [],
}: z.infer<typeof attachmentSchema>): PostedNote[] {
  const own = files.filter(mayBeNote).map((file) => ({ file, isForwarded: false }));
  const forwarded = attachments.flatMap((attachment) => notesOf(attachment));
  return [...own, ...forwarded.map(({ file }) => ({ file, isForwarded: true }))];
}

export const COMMAND = '/undertone';
export const SHORTCUT = 'read_emotion';

/** Where people begin to install the app, and where Slack sends them back to. */
export const INSTALL_PATH = '/slack/install';
export const REDIRECT_PATH = '/slack/oauth_redirect';

/** A payload that the bot has to act on. */
export interface Intake {
  /**
   * The same for everything that asks for the same answer: an event that Slack resends, and the two
   * events, `message` and `app_mention`, of one message with a mention.
   */
  readonly id: string;
  /** Work for one channel of a workspace is done in order. */
  readonly group: string;
  /** The part of the payload that the bot needs: neither what people write nor the names of files. */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The subtypes of messages that people write; all others are edits, deletions, joins and so on. */
const SUBTYPES: ReadonlySet<string | undefined> = new Set([
  undefined,
  'file_share',
  'thread_broadcast',
]);

/**
 * Returns what there is to do for a payload of Slack; null for bots (this one included), edits,
 * deletions, messages without a note and unknown payloads.
 */
export function intake(body: unknown): Intake | null {
  const command = commandBodySchema.safeParse(body);
  if (command.success) {
    const { trigger_id, channel_id, team_id } = command.data;
    const group = `${team_id}-${channel_id}`;
    return { id: `command-${trigger_id}`, group, payload: command.data };
  }
  const shortcut = shortcutBodySchema.safeParse(body);
  if (shortcut.success) {
    const { callback_id, trigger_id, channel, team, enterprise } = shortcut.data;
    if (callback_id !== SHORTCUT) return null;
    const group = `${(team ?? enterprise)?.id}-${channel.id}`;
    return { id: `shortcut-${trigger_id}`, group, payload: shortcut.data };
  }
  const removal = removalBodySchema.safeParse(body);
  if (removal.success) {
    const { event_id } = removal.data;
    const group = `${installationOf(removal.data)}-removal`;
    return { id: `removal-${event_id}`, group, payload: removal.data };
  }
  const parsed = eventBodySchema.safeParse(body);
  if (!parsed.success || !concernsUs(parsed.data.event)) return null;
  const { event } = parsed.data;
  const group = `${installationOf(parsed.data)}-${event.channel}`;
  return {
    id: `message-${group}-${event.ts}`,
    group,
    payload: { ...parsed.data, event: { ...event, text: mentions(event.text ?? '') } },
  };
}

/** Returns who used a command or a shortcut, and what has installed the app there; null for events. */
export function askerOf(
  payload: unknown,
): { readonly workspace: string | null; readonly user: string } | null {
  const { data: command } = commandBodySchema.safeParse(payload);
  if (command) {
    const { is_enterprise_install, enterprise_id, team_id, user_id: user } = command;
    const workspace = is_enterprise_install === 'true' ? enterprise_id : team_id;
    return { workspace: workspace ?? null, user };
  }
  const { data: shortcut } = shortcutBodySchema.safeParse(payload);
  if (!shortcut) return null;
  const { is_enterprise_install, enterprise, team, user } = shortcut;
  const workspace = is_enterprise_install ? enterprise : team;
  return { workspace: workspace?.id ?? null, user: user.id };
}

/** Returns the team or organization for whose installation an event was sent. */
function installationOf({
  authorizations,
  team_id,
}: Pick<z.infer<typeof eventBodySchema>, 'authorizations' | 'team_id'>): string {
  const [first] = authorizations ?? [];
  return String(first?.team_id ?? team_id ?? first?.enterprise_id);
}

function concernsUs(event: MessageEvent): boolean {
  const { type, subtype, user, bot_id, channel } = event;
  if (!user || bot_id || !SUBTYPES.has(subtype)) return false;
  return type === 'app_mention' || isDirect(channel) || notesOf(event).length > 0;
}

/** Returns the mentions in a text without the rest of it. */
function mentions(text: string): string {
  return [...text.matchAll(/<@(\w+)[|>]/g)].map(([, user]) => `<@${user}>`).join(' ');
}
