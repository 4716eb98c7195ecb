import type { REST } from '@discordjs/rest';
import { type RESTGetAPIChannelMessagesResult, Routes } from 'discord-api-types/v10';
import { logEvent } from '../../lib/log.ts';
import { Recent } from '../recent.ts';
import type { ChannelSettings } from '../settings.ts';

/** The first second of 2015, from which Discord counts, in milliseconds since 1970. */
const EPOCH = 1_420_070_400_000;
const TIME_SHIFT = 22n;

/** Returns when an id was created, in milliseconds since 1970. */
export function snowflakeTime(id: string): number {
  return Number(BigInt(id) >> TIME_SHIFT) + EPOCH;
}

/** Returns an id larger than all those created before a moment. */
function snowflakeAt(milliseconds: number): string {
  return String(BigInt(milliseconds - EPOCH) << TIME_SHIFT);
}

/** Channels whose latest message is remembered. */
const MAX_CHANNELS = 10_000;
/** Milliseconds after which a missed message is no longer answered. */
const HORIZON = 60 * 60 * 1000;
/** Messages on a page of Discord's, and the most pages for each channel. */
const PAGE_SIZE = 100;
const MAX_PAGES = 5;

/** The latest message seen in each channel when the connection broke. */
export type Mark = ReadonlyMap<string, string>;

/** Used when it is unknown how far channels were read: recent messages are looked at again. */
export const NOWHERE: Mark = new Map();

/** Tracks for each connection (shard) since when it has missed messages. */
export class Interruptions {
  /** How far every channel was read when the connection broke. */
  readonly #marks = new Map<number, Mark>();
  /** Connections that have had a session: another one means that the last was lost. */
  readonly #known = new Set<number>();

  /** Records that a connection broke. */
  begin(shard: number, mark: Mark): void {
    if (!this.#marks.has(shard)) this.#marks.set(shard, mark);
  }

  /** Records that a connection is back, and has missed nothing. */
  end(shard: number): void {
    this.#marks.delete(shard);
  }

  /** Returns since when a connection that starts a session has missed messages; null if it is the first. */
  startSession(shard: number): Mark | null {
    const isFirst = !this.#known.has(shard);
    this.#known.add(shard);
    // Not every interruption is announced: two at the same moment may both go unnoticed.
    const mark = this.#marks.get(shard) ?? NOWHERE;
    this.end(shard);
    return isFirst ? null : mark;
  }
}

/** Who looks for missed messages. */
export interface Reader {
  readonly rest: REST;
  /** The user id of the bot. */
  readonly bot: string;
}

/** Tracks how far each channel has been read, and fetches what came later. */
export class MissedMessages {
  /** Milliseconds since 1970. */
  #from = Date.now();
  readonly #latest = new Recent<string>(MAX_CHANNELS);

  /** Records that a message was seen. */
  saw(channel: string, message: string): void {
    this.#latest.set(channel, message);
  }

  /** Returns how far all channels have been read. */
  mark(): Mark {
    return this.#latest.snapshot();
  }

  /** Counts messages as missed from a time on, in milliseconds since 1970, at which a former process ran. */
  goBackTo(milliseconds: number): void {
    // Of a time that is still to come, by a clock that was set back, nothing is known.
    this.#from = milliseconds > Date.now() ? 0 : milliseconds;
  }

  /**
   * Returns the messages of a channel that came after a mark, oldest first, as Discord sends them. Some
   * may have been seen since; those that the bot has replied to are left out.
   */
  async since(mark: Mark, channel: string, { rest, bot }: Reader): Promise<unknown[]> {
    const earliest = snowflakeAt(Math.max(this.#from, Date.now() - HORIZON));
    let after = later(mark.get(channel) ?? earliest, earliest);
    const messages: RESTGetAPIChannelMessagesResult = [];
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = new URLSearchParams({ after, limit: String(PAGE_SIZE) });
      const found = (await rest.get(Routes.channelMessages(channel), {
        query,
      })) as RESTGetAPIChannelMessagesResult;
      messages.push(...found.toReversed());
      if (found.length < PAGE_SIZE) break;
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

/** Milliseconds between two saves. */
const SAVE_INTERVAL = 30_000;

/** Saves up to when every message has been answered, so that the next process knows where to continue. */
export class AnsweredUntil {
  readonly #settings: ChannelSettings;
  /** Ids of the messages that wait for their answer. */
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  /** When the bot stopped taking messages, in milliseconds since 1970; null while it takes them. */
  #endedAt: number | null = null;

  constructor(settings: ChannelSettings) {
    this.#settings = settings;
  }

  /** Returns up to when a former process answered everything, in milliseconds since 1970. */
  async before(): Promise<number | null> {
    return this.#settings.answeredUntil('discord');
  }

  /** Starts saving, unless `end` came first. */
  start(): void {
    if (this.#endedAt !== null) return;
    void this.#save();
    this.#timer = setInterval(() => void this.#save(), SAVE_INTERVAL);
  }

  /** Records that no messages are taken from now on. */
  end(): void {
    this.#endedAt = Date.now();
  }

  /** Saves for the last time: messages still pending will not be answered by this process. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#timer) await this.#save();
  }

  /** Counts a message as pending until the work that answers it is done, whenever that runs. */
  track(id: string, work: () => Promise<void>): () => Promise<void> {
    this.#pending.add(id);
    return () => work().finally(() => this.#pending.delete(id));
  }

  async #save(): Promise<void> {
    const times = Array.from(this.#pending, snowflakeTime);
    const until = Math.min(...times, this.#endedAt ?? Date.now());
    await this.#settings
      .setAnsweredUntil('discord', until)
      .catch((thrown) => logEvent('discord: how far notes were answered was not saved', thrown));
  }
}
