import { MAX_BYTES, tooLarge, UndertoneError } from '../core/index.ts';
import { parseUrl } from '../lib/url.ts';

/** Where a platform keeps the files that people post. */
export interface FileHosts {
  /**
   * Host names, such as `files.slack.com`, or with all their subdomains: `*.slack-files.com`. Only https
   * is used. A stand-in on this machine is given by its whole origin, `http://127.0.0.1:4321`.
   */
  readonly hosts: readonly string[];
  /** Value of the `authorization` header; sent to these hosts and nowhere else. */
  readonly authorization?: string;
}

export interface DownloadOptions {
  readonly hosts: FileHosts;
  /** Milliseconds for the whole download, including redirects. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const MAX_REDIRECTS = 3;
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/;

/**
 * Fetches a file of at most MAX_BYTES that someone posted, from the platform's own file hosts only.
 * Redirects are followed by hand and checked like the first address: whoever writes a URL into a message
 * must not make this process send requests inside its own network.
 *
 * @returns the bytes
 * @throws UndertoneError `attachment-refused` for another host, `attachment-gone`,
 * `attachment-forbidden`, `attachment-unavailable`, `audio-too-large`
 * @example
 * const hosts = { hosts: ['cdn.discordapp.com'] };
 * const bytes = await download(attachment.url, { hosts });
 */
export async function download(url: string, options: DownloadOptions): Promise<Uint8Array> {
  const { hosts, timeoutMs = 20_000, signal } = options;
  const limit = AbortSignal.timeout(timeoutMs);
  const stop = signal ? AbortSignal.any([limit, signal]) : limit;
  try {
    return await body(await follow(url, hosts, stop));
  } catch (thrown) {
    if (thrown instanceof UndertoneError) throw thrown;
    throw unavailable('The connection to the file host failed or was too slow.', thrown);
  }
}

async function follow(url: string, files: FileHosts, signal: AbortSignal): Promise<Response> {
  let address = checked(parseUrl(url), files);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await fetch(address, {
      redirect: 'manual',
      headers: files.authorization ? { authorization: files.authorization } : {},
      signal,
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) {
      return accepted(response);
    }
    await discard(response);
    address = checked(parseUrl(location, address), files);
  }
  throw unavailable('The file host redirects too often.');
}

/** @throws UndertoneError `attachment-refused` */
function checked(address: URL | null, { hosts }: FileHosts): URL {
  if (address && hosts.some((host) => matches(address, host))) return address;
  throw new UndertoneError(
    'attachment-refused',
    'The file is not on one of the platform’s own hosts. Post the voice note itself in the chat.',
  );
}

function matches(address: URL, host: string): boolean {
  if (address.username || address.password) return false;
  if (host.includes('://')) return address.origin === host && LOOPBACK.test(address.hostname);
  if (address.protocol !== 'https:' || address.port !== '') return false;
  return host.startsWith('*.')
    ? address.hostname.endsWith(host.slice(1))
    : address.hostname === host;
}

async function accepted(response: Response): Promise<Response> {
  const { status, headers } = response;
  if (status === 200) {
    // Platforms send the sign-in page to those who may not read a file.
    if (!/^\s*text\/html\b/i.test(headers.get('content-type') ?? '')) return response;
    await discard(response);
    throw forbidden();
  }
  await discard(response);
  if (status === 404 || status === 410) throw gone();
  if (status === 401 || status === 403) throw forbidden();
  throw unavailable(`The file host responded with status ${status}.`);
}

async function body(response: Response): Promise<Uint8Array> {
  if (Number(response.headers.get('content-length') ?? 0) > MAX_BYTES) {
    await discard(response);
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop closes the connection. The announced length may be wrong or missing.
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Closes the connection without reading the rest. */
async function discard(response: Response): Promise<void> {
  await response.body?.cancel();
}

function gone(): UndertoneError {
  return new UndertoneError(
    'attachment-gone',
    'The platform no longer has this file: it was deleted, or its address has expired. Post it again.',
  );
}

function forbidden(): UndertoneError {
  return new UndertoneError(
    'attachment-forbidden',
    'The platform does not let this bot read the file. Invite the bot to the channel, or send it the note in a direct message.',
  );
}

function unavailable(why: string, cause?: unknown): UndertoneError {
  return new UndertoneError('attachment-unavailable', `${why} Try again in a minute.`, { cause });
}
