import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultRestOptions, REST, type RESTOptions } from '@discordjs/rest';
import { backoff } from '../../lib/backoff.ts';
import type { FileHosts } from '../download.ts';

/** Where Discord keeps what people attach to messages. */
const FILE_HOSTS: readonly string[] = ['cdn.discordapp.com', 'media.discordapp.net'];

/** Returns the hosts that attachments are fetched from, with those of a counterpart on this machine. */
export function discordHosts(local: readonly string[] = []): FileHosts {
  return { hosts: [...FILE_HOSTS, ...local] };
}

/** Tries of one request, and milliseconds of the first pause. The library itself makes no pause. */
const TRIES = 4;
const FIRST_PAUSE = 250;

/** What every client of Discord's REST API here has in common, the gateway's as well. */
export function restOptions(api: string | undefined): Partial<RESTOptions> {
  return { makeRequest: persistently, ...(api && { api }) };
}

/**
 * Returns a client that can answer interactions, which needs no token of a bot. It waits as long as
 * Discord asks to, and tries again what fails on Discord's side or on the way.
 */
export function interactionRest(api?: string): REST {
  return new REST(restOptions(api));
}

/**
 * Sends a request, again after a pause where the connection broke or Discord failed. Whatever is sent
 * here may come twice: posts carry a nonce, edits replace.
 */
const persistently: RESTOptions['makeRequest'] = async (url, init) => {
  for (let failures = 1; failures < TRIES; failures++) {
    try {
      const response = await DefaultRestOptions.makeRequest(url, init);
      if (response.status < 500) return response;
      // Read to its end, so that the connection is free again.
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
