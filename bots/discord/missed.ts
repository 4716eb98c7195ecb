import type { REST } from '@discordjs/rest';
import { type RESTGetAPIChannelMessagesResult, Routes } from 'discord-api-types/v10';
import { Recent } from '../recent.ts';
import { snowflakeAt } from './snowflake.ts';

/** Channels whose latest message is remembered. */
const MOST_CHANNELS = 10_000;
/** Milliseconds: what is older than that when a session is lost is not answered any more. */
const HORIZON = 60 * 60 * 1000;
/** Messages that Discord gives at a time, and times that it is asked for each channel. */
const PAGE = { messages: 100, most: 5 } as const;

/** Where a channel was when the connection broke. */
export type Mark = ReadonlyMap<string, string>;

/** Knows up to where each channel was read, and fetches what came after it. */
export class Missed {
  readonly #startedAt = Date.now();
  readonly #latest = new Recent<string>(MOST_CHANNELS);

  /** Notes that a message came. */
  saw(channel: string, message: string): void {
    this.#latest.set(channel, message);
  }

  /** Returns how far all channels have been read now. */
  mark(): Mark {
    return this.#latest.snapshot();
  }

  /**
   * Returns the messages of a channel that came after a mark, the oldest first, as Discord sends them.
   * There may be ones among them that have been seen since.
   */
  async since(mark: Mark, channel: string, rest: REST): Promise<unknown[]> {
    const earliest = snowflakeAt(Math.max(this.#startedAt, Date.now() - HORIZON));
    let after = later(mark.get(channel) ?? earliest, earliest);
    const messages: unknown[] = [];
    for (let page = 0; page < PAGE.most; page++) {
      const query = new URLSearchParams({ after, limit: String(PAGE.messages) });
      const found = (await rest.get(Routes.channelMessages(channel), {
        query,
      })) as RESTGetAPIChannelMessagesResult;
      messages.push(...found.toReversed());
      if (found.length < PAGE.messages) break;
      after = found[0].id;
    }
    return messages;
  }
}

function later(one: string, other: string): string {
  return BigInt(one) > BigInt(other) ? one : other;
}
