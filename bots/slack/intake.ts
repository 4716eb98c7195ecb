import { mayBeNote } from './files.ts';
import {
  commandBodySchema,
  eventBodySchema,
  isDirect,
  type MessageEvent,
  shortcutBodySchema,
} from './payloads.ts';

export const COMMAND = '/undertone';
export const SHORTCUT = 'read_emotion';

/** A payload that the bot has something to do for. */
export interface Intake {
  /**
   * The same for everything that asks for the same answer: an event that Slack sends again, and the two
   * events, `message` and `app_mention`, that one message with a mention makes.
   */
  readonly id: string;
  /** What has to stay in order. */
  readonly channel: string;
}

/** Messages that people write; all other subtypes are edits, deletions, joins and the like. */
const SUBTYPES: ReadonlySet<string | undefined> = new Set([
  undefined,
  'file_share',
  'thread_broadcast',
]);

/**
 * Returns what is to be done for a payload of Slack, or null where that is nothing: other bots and this
 * one, edits, deletions, messages without a note, and whatever is not known.
 */
export function intake(body: unknown): Intake | null {
  const command = commandBodySchema.safeParse(body);
  if (command.success) {
    return { id: `command-${command.data.trigger_id}`, channel: command.data.channel_id };
  }
  const shortcut = shortcutBodySchema.safeParse(body);
  if (shortcut.success) {
    const { callback_id, trigger_id, channel } = shortcut.data;
    return callback_id === SHORTCUT ? { id: `shortcut-${trigger_id}`, channel: channel.id } : null;
  }
  const event = eventBodySchema.safeParse(body);
  if (!event.success || !concernsUs(event.data.event)) return null;
  const { channel, ts } = event.data.event;
  return { id: `message-${channel}-${ts}`, channel };
}

function concernsUs({ type, subtype, user, bot_id, channel, files = [] }: MessageEvent): boolean {
  if (!user || bot_id || !SUBTYPES.has(subtype)) return false;
  return type === 'app_mention' || isDirect(channel) || files.some(mayBeNote);
}
