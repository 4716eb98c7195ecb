import type { REST } from '@discordjs/rest';
import { type RESTGetAPIChannelMessagesResult, Routes } from 'discord-api-types/v10';
import { Recent } from '../recent.ts';
import { snowflakeAt } from './snowflake.ts';

/** Channels whose latest message is remembered. */
const MOST_CHANNELS = 10_000;
/** Milliseconds: what is older than that when it is looked up is not answered any more. */
const HORIZON = 60 * 60 * 1000;
/** Messages that Discord gives at a time, and times that it is asked for each channel. */
const PAGE = { messages: 100, most: 5 } as const;

/** Where a channel was when the connection broke. */
export type Mark = ReadonlyMap<string, string>;

/** Who looks. */
export interface Reader {
  readonly rest: REST;
  /** Id of the bot as a user. */
  readonly bot: string;
}

/** Knows up to where each channel was read, and fetches what came after it. */
export class Missed {
  /** Milliseconds since 1970. */
  #from = Date.now();
  readonly #latest = new Recent<string>(MOST_CHANNELS);

  /** Notes that a message came. */
  saw(channel: string, message: string): void {
    this.#latest.set(channel, message);
  }

  /** Returns how far all channels have been read now. */
  mark(): Mark {
    return this.#latest.snapshot();
  }

  /** Everything counts since a moment at which an earlier process worked, in milliseconds since 1970. */
  goBackTo(milliseconds: number): void {
    this.#from = milliseconds;
  }

  /**
   * Returns the messages of a channel that came after a mark, the oldest first, as Discord sends them.
   * There may be ones among them that have been seen since, and none to which the bot has replied.
   */
  async since(mark: Mark, channel: string, { rest, bot }: Reader): Promise<unknown[]> {
    const earliest = snowflakeAt(Math.max(this.#from, Date.now() - HORIZON));
    let after = later(mark.get(channel) ?? earliest, earliest);
    const messages: RESTGetAPIChannelMessagesResult = [];
    for (let page = 0; page < PAGE.most; page++) {
      const query = new URLSearchParams({ after, limit: String(PAGE.messages) });
      const found = (await rest.get(Routes.channelMessages(channel), {
        query,
      })) as RESTGetAPIChannelMessagesResult;
      messages.push(...found.toReversed());
      if (found.length < PAGE.messages) break;
      after = found[0].id;
    }
    const own = messages.filter(({ author }) => author.id === bot);
    const answered = new Set(own.map(({ message_reference }) => message_reference?.message_id));
    return messages.filter(({ id }) => !answered.has(id));
  }
}

function later(one: string, other: string): string {
  return BigInt(one) > BigInt(other) ? one : other;
}
