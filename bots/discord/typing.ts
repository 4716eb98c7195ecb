import type { REST } from '@discordjs/rest';
import { Routes } from 'discord-api-types/v10';
import { Recent } from '../recent.ts';

/** Milliseconds after which "is typing" is shown again; Discord takes it away after ten seconds. */
const AGAIN = 8000;
const MOST_CHANNELS = 1000;

/** Shows that the bot is at work, however many notes of a channel it works through. */
export class Typing {
  readonly #rest: REST;
  readonly #shownAt = new Recent<number>(MOST_CHANNELS);

  constructor(rest: REST) {
    this.#rest = rest;
  }

  /** Shows it in a channel while something is being done there. */
  async during<T>(channel: string, work: () => Promise<T>): Promise<T> {
    this.#show(channel);
    const timer = setInterval(() => this.#show(channel), AGAIN);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  #show(channel: string): void {
    if (Date.now() - (this.#shownAt.get(channel) ?? 0) < AGAIN) return;
    this.#shownAt.set(channel, Date.now());
    // Only a courtesy: where it fails, the answer tells why, or fails for the same reason.
    this.#rest.post(Routes.channelTyping(channel)).catch(() => {});
  }
}
