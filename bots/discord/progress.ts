import { logEvent } from '../../lib/log.ts';
import type { ChannelSettings } from '../settings/settings.ts';
import { snowflakeTime } from './snowflake.ts';

/** Milliseconds between two notes of how far everything was answered. */
const INTERVAL = 30_000;

/** Keeps up to when every message was answered, so that the next process knows where to go on. */
export class Progress {
  readonly #settings: ChannelSettings;
  /** Ids of the messages that wait for their answer. */
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  /** When nothing more was taken, in milliseconds since 1970; null while messages are. */
  #endedAt: number | null = null;

  constructor(settings: ChannelSettings) {
    this.#settings = settings;
  }

  /** Returns up to when an earlier process had answered everything, in milliseconds since 1970. */
  async before(): Promise<number | null> {
    return this.#settings.answeredUntil('discord');
  }

  /** Begins to keep it, unless the end came first. */
  start(): void {
    if (this.#endedAt !== null) return;
    void this.#save();
    this.#timer = setInterval(() => void this.#save(), INTERVAL);
  }

  /** Nothing is taken from now on. */
  end(): void {
    this.#endedAt = Date.now();
  }

  /** Keeps it for the last time: what is pending now will not be answered by this process. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#timer) await this.#save();
  }

  /** Counts a message as pending until the work that answers it, whenever it comes, is done. */
  until(id: string, work: () => Promise<void>): () => Promise<void> {
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
