import type { RespondFn, webApi } from '@slack/bolt';
import { logEvent } from '../../lib/log.ts';
import type { Laid } from './blocks.ts';
import { ask, doOnce, slackError } from './web.ts';

/** Where answers go. */
export interface Destination {
  readonly channel: string;
  readonly isDirect: boolean;
  /** Who is answered. */
  readonly user: string;
  /** The message under which the answer hangs: the first one of its thread; null for commands. */
  readonly root: string | null;
  /** Whether the question came in a thread, so that its readers have it open. */
  readonly isInThread: boolean;
  /** The way back to somebody who used a command or a shortcut; works where the bot is no member. */
  readonly respond?: RespondFn | undefined;
}

/** Marks the bot's answers, so that one can see whether a note has its own. */
const EVENT_TYPE = 'undertone_answer';

/** Messages of a thread that are looked through at once. */
const PAGE = 200;

/** How the answers of a bot get into the chat. */
export class Replies {
  readonly #client: webApi.WebClient;
  /** Whether an answer may be there already, from an attempt that was cut off. */
  readonly isRepeated: boolean;

  constructor(client: webApi.WebClient, isRepeated: boolean) {
    this.#client = client;
    this.isRepeated = isRepeated;
  }

  /**
   * Answers a note in its thread, for everybody to see: once, however often Slack fails meanwhile.
   *
   * @param subject what is answered: the id of the file, or of the message without one
   * @returns whether it is there; false where Slack does not take it
   */
  async inThread(destination: Destination, subject: string, message: Laid): Promise<boolean> {
    const { channel, root } = destination;
    const isThere = () => this.hasAnswer(destination, subject);
    if (this.isRepeated && (await whereAllowed(isThere))) return true;
    const post = () =>
      this.#client.chat.postMessage({
        channel,
        ...(root && { thread_ts: root }),
        ...message,
        metadata: { event_type: EVENT_TYPE, event_payload: { subject } },
        unfurl_links: false,
        unfurl_media: false,
      });
    return (await whereAllowed(() => doOnce(post, isThere))) !== null;
  }

  /**
   * Tells one person something. Slack keeps no record of such messages: after a failure they are sent
   * again, and may rarely be seen twice.
   */
  async toUser(destination: Destination, subject: string, message: Laid): Promise<void> {
    const { channel, user, root, isInThread, isDirect, respond } = destination;
    if (respond) {
      // Where the address is used up or too old, the usual way may still be open.
      const isTaken = await ask(() => respond({ response_type: 'ephemeral', ...message })).then(
        () => true,
        () => false,
      );
      if (isTaken) return;
    }
    if (isDirect) {
      await this.inThread(destination, subject, message);
      return;
    }
    const post = () =>
      this.#client.chat.postEphemeral({
        channel,
        user,
        ...message,
        // In a thread that nobody has open yet, it would not be seen.
        ...(isInThread && root && { thread_ts: root }),
      });
    await whereAllowed(() => ask(post));
  }

  /** Whether there is an answer of the bot in the thread, for everybody to see. */
  async hasAnswer({ channel, root }: Destination, subject: string): Promise<boolean> {
    if (!root) return false;
    let cursor: string | undefined;
    do {
      const page = await ask(() =>
        this.#client.conversations.replies({
          channel,
          ts: root,
          limit: PAGE,
          include_all_metadata: true,
          ...(cursor && { cursor }),
        }),
      );
      const isThere = page.messages?.some(({ metadata }) => {
        const payload: Readonly<Record<string, unknown>> = { ...metadata?.event_payload };
        return metadata?.event_type === EVENT_TYPE && payload.subject === subject;
      });
      if (isThere) return true;
      cursor = page.response_metadata?.next_cursor || undefined;
    } while (cursor);
    return false;
  }
}

/** Returns what a call of Slack gives, or null where Slack refuses it, now and later; that is logged. */
export async function whereAllowed<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (thrown) {
    const refusal = slackError(thrown);
    if (refusal === null) throw thrown;
    logEvent(`slack: a call was refused (${refusal})`);
    return null;
  }
}
