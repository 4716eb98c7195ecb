import type { RespondFn, webApi } from '@slack/bolt';
import { logEvent } from '../../lib/log.ts';
import type { SlackMessage } from './blocks.ts';
import { callSlack, callSlackOnce, slackError } from './web.ts';

/** Where answers go. */
export interface Destination {
  readonly channel: string;
  readonly isDirect: boolean;
  /** Who is answered. */
  readonly user: string;
  /** The first message of the thread that the answer goes into; null for commands. */
  readonly root: string | null;
  /** Whether the question came in a thread, so that its readers have the thread open. */
  readonly isInThread: boolean;
  /** Answers a command or a shortcut; works even where the bot is not a member. */
  readonly respond?: RespondFn | undefined;
}

/** Marks the bot's answers, to tell whether a note has been answered. */
const EVENT_TYPE = 'undertone_answer';

/** Messages of a thread to fetch at once. */
const PAGE = 200;

/** Posts the answers of the bot. */
export class Replies {
  readonly #client: webApi.WebClient;
  /** Whether an earlier attempt may have answered already. */
  readonly isRepeated: boolean;

  constructor(client: webApi.WebClient, isRepeated: boolean) {
    this.#client = client;
    this.isRepeated = isRepeated;
  }

  /**
   * Answers a note in its thread, for everyone to see: once, however often Slack fails meanwhile.
   *
   * @param subject what is answered: the id of the file, or of the message without one
   * @returns whether the answer was posted; false if Slack refuses it
   */
  async inThread(
    destination: Destination,
    subject: string,
    message: SlackMessage,
  ): Promise<boolean> {
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
    return (await whereAllowed(() => callSlackOnce(post, isThere))) !== null;
  }

  /**
   * Sends a message that one person sees. Slack keeps no record of such messages: after a failure they
   * are sent again and may, rarely, appear twice.
   */
  async toUser(destination: Destination, subject: string, message: SlackMessage): Promise<void> {
    const { channel, user, root, isInThread, isDirect, respond } = destination;
    if (respond) {
      // If the response URL is used up or too old, an ordinary message may still work.
      const isTaken = await callSlack(() =>
        respond({ response_type: 'ephemeral', ...message }),
      ).then(
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
        // In a thread that is not open yet, nobody would see it.
        ...(isInThread && root && { thread_ts: root }),
      });
    await whereAllowed(() => callSlack(post));
  }

  /** Returns whether the thread has a public answer of the bot. */
  async hasAnswer({ channel, root }: Destination, subject: string): Promise<boolean> {
    if (!root) return false;
    let cursor: string | undefined;
    do {
      const page = await callSlack(() =>
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

/** Returns the result of a call, or null if Slack refuses it, which is logged. */
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
