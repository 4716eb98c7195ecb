import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultRestOptions, REST, type RESTOptions } from '@discordjs/rest';
import { Routes } from 'discord-api-types/v10';
import { backoff } from '../../lib/backoff.ts';
import type { FileHosts } from '../download.ts';
import { Recent } from '../recent.ts';

/** Where Discord keeps what people attach to messages. */
const FILE_HOSTS: readonly string[] = ['cdn.discordapp.com', 'media.discordapp.net'];

/** Returns the hosts of attachments, plus those of a stand-in on this machine. */
export function discordHosts(local: readonly string[] = []): FileHosts {
  return { hosts: [...FILE_HOSTS, ...local] };
}

/** Attempts at one request, and the first pause in milliseconds. The library retries without a pause. */
const MAX_ATTEMPTS = 4;
const FIRST_PAUSE = 250;

/** The options of every client of Discord's REST API, including that of the gateway. */
export function restOptions(api: string | undefined): Partial<RESTOptions> {
  return { makeRequest: requestWithRetries, ...(api && { api }) };
}

/**
 * Returns a client for answering interactions, which needs no bot token. It waits as long as Discord
 * asks, and retries after server and network errors.
 */
export function interactionRest(api?: string): REST {
  return new REST(restOptions(api));
}

/**
 * Sends a request, and retries it after a network or server error. Every request here may safely arrive
 * twice: posts carry a nonce, and edits replace.
 */
const requestWithRetries: RESTOptions['makeRequest'] = async (url, init) => {
  for (let failures = 1; failures < MAX_ATTEMPTS; failures++) {
    try {
      const response = await DefaultRestOptions.makeRequest(url, init);
      if (response.status < 500) return response;
      // Reading it to the end frees the connection.
      await response.arrayBuffer();
    } catch (thrown) {
      if (init.signal?.aborted) throw thrown;
    }
    await sleep(backoff(failures, FIRST_PAUSE), undefined, {
      ...(init.signal && { signal: init.signal }),
    });
  }
  return DefaultRestOptions.makeRequest(url, init);
};

/** Milliseconds after which "is typing" is sent again; Discord shows it for ten seconds. */
const TYPING_INTERVAL = 8000;
const MAX_CHANNELS = 1000;

/** Shows "is typing" while the bot works, once for all notes of a channel. */
export class Typing {
  readonly #rest: REST;
  readonly #shownAt = new Recent<number>(MAX_CHANNELS);

  constructor(rest: REST) {
    this.#rest = rest;
  }

  /** Shows it in a channel while some work runs. */
  async during<T>(channel: string, work: () => Promise<T>): Promise<T> {
    this.#show(channel);
    const timer = setInterval(() => this.#show(channel), TYPING_INTERVAL);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  #show(channel: string): void {
    if (Date.now() - (this.#shownAt.get(channel) ?? 0) < TYPING_INTERVAL) return;
    this.#shownAt.set(channel, Date.now());
    // Only a courtesy: if it fails, the answer will too, or will say why.
    this.#rest.post(Routes.channelTyping(channel)).catch(() => {});
  }
}
