import { mayBeNote } from './notes.ts';
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
  /** What the bot needs of the payload: neither what people write nor how their files are called. */
  readonly payload: Readonly<Record<string, unknown>>;
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
    const { trigger_id, channel_id: channel } = command.data;
    return { id: `command-${trigger_id}`, channel, payload: command.data };
  }
  const shortcut = shortcutBodySchema.safeParse(body);
  if (shortcut.success) {
    const { callback_id, trigger_id, channel } = shortcut.data;
    if (callback_id !== SHORTCUT) return null;
    return { id: `shortcut-${trigger_id}`, channel: channel.id, payload: shortcut.data };
  }
  const parsed = eventBodySchema.safeParse(body);
  if (!parsed.success || !concernsUs(parsed.data.event)) return null;
  const { event } = parsed.data;
  return {
    id: `message-${event.channel}-${event.ts}`,
    channel: event.channel,
    payload: { ...parsed.data, event: { ...event, text: mentions(event.text ?? '') } },
  };
}

function concernsUs({ type, subtype, user, bot_id, channel, files = [] }: MessageEvent): boolean {
  if (!user || bot_id || !SUBTYPES.has(subtype)) return false;
  return type === 'app_mention' || isDirect(channel) || files.some(mayBeNote);
}

/** Who is named in a text, and nothing else of it. */
function mentions(text: string): string {
  return [...text.matchAll(/<@(\w+)[|>]/g)].map(([, user]) => `<@${user}>`).join(' ');
}
