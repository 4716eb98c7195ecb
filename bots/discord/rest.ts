import { REST, type RESTOptions } from '@discordjs/rest';
import type { FileHosts } from '../download.ts';

/** Where Discord keeps what people attach to messages. */
export const DISCORD_FILES: readonly string[] = ['cdn.discordapp.com', 'media.discordapp.net'];

/** Returns the hosts that attachments are fetched from, with those of a counterpart on this machine. */
export function discordHosts(local: readonly string[] = []): FileHosts {
  return { hosts: [...DISCORD_FILES, ...local] };
}

/** Tries after the first one, where Discord does not answer, or with a failure of its own. */
const RETRIES = 4;

/** What every client of Discord's REST API here has in common, the gateway's as well. */
export function restOptions(api: string | undefined): Partial<RESTOptions> {
  return { retries: RETRIES, ...(api && { api }) };
}

/**
 * Returns a client that can answer interactions, which needs no token of a bot. It waits as long as
 * Discord asks to, and tries again what fails on Discord's side.
 */
export function interactionRest(api?: string): REST {
  return new REST(restOptions(api));
}
