import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { UndertoneError } from '../../core/index.ts';
import { isPublicAddress } from '../../lib/public-address.ts';
import { isLoopback, parseUrl } from '../../lib/url.ts';

/** Ports that receivers of webhooks use, 443 being none of its own; the API is no tool to try others with. */
const PORTS = new Set(['', '8443']);

/** Names that are nobody's on the internet (RFC 6761, 6762, 8375 and 9476). */
const PRIVATE_NAME = /^[^.]*$|(^|\.)(localhost|local|internal|home\.arpa|test|invalid|alt|onion)$/;

/**
 * Returns the address of a callback, if results may be posted there: an https URL of a public host.
 * Which addresses its name stands for is checked when the connection is made (`publicLookup`).
 *
 * Where UNDERTONE_LOCAL_CALLBACKS is `true`, as `npm start -- --local-callbacks` sets it, it may also be
 * an http or https URL of this machine by a loopback name or address, with any port.
 *
 * @param text as the client wrote it
 * @throws UndertoneError `parameter-invalid` that says what is accepted
 * @example
 * callbackUrl('https://example.com/undertone').hostname; // 'example.com'
 */
export function callbackUrl(text: string): URL {
  const url = parseUrl(text);
  if (!url) {
    throw refused('is not a URL. Give an https URL, such as https://example.com/undertone.');
  }
  const { protocol, username, password, hostname, port } = url;
  if (username || password) {
    throw refused('contains a user name or password. Omit it; the signature proves who calls.');
  }
  if (isOnThisMachine(hostname) && /^https?:$/.test(protocol)) return url;
  if (protocol !== 'https:') {
    throw refused('is not an https URL. Results are only sent encrypted: begin it with https://.');
  }
  if (!PORTS.has(port)) throw refused(`uses port ${port}. Use 443 or 8443.`);
  if (!isPublicHost(hostname)) {
    throw refused(
      'leads to an address that is not on the public internet. Use a host that everybody can reach.',
    );
  }
  return url;
}

/** Whether a host is on this machine, and callbacks may go there. */
function isOnThisMachine(hostname: string): boolean {
  return process.env.UNDERTONE_LOCAL_CALLBACKS === 'true' && isLoopback(hostname);
}

function isPublicHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return isPublicAddress(hostname.slice(1, -1));
  // The parser has turned every spelling of an IPv4 address (decimal, octal, short) into the usual one.
  if (/^[\d.]+$/.test(hostname)) return isPublicAddress(hostname);
  // With a dot at its end a name evades such rules, and no certificate is made out to it.
  return !hostname.endsWith('.') && !PRIVATE_NAME.test(hostname);
}

function refused(why: string): UndertoneError {
  return new UndertoneError('parameter-invalid', `The URL of the callback ${why}`);
}

/**
 * Returns the `lookup` of a connection to a callback. It resolves the name once and hands on the
 * addresses that it has checked, so that nobody can answer something else for the connection itself (DNS
 * rebinding). Literal addresses are not looked up; `callbackUrl` checks them.
 *
 * @param resolve the resolver of the system by default
 */
export function publicLookup(resolve: typeof systemLookup = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    const isAllowed = isOnThisMachine(hostname) ? isLoopback : isPublicAddress;
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const [first, ...others] = addresses.filter(({ address }) => isAllowed(address));
      if (!first) return callback(notPublic(), '');
      if (options.all) return callback(null, [first, ...others]);
      callback(null, first.address, first.family);
    });
  };
}

function notPublic(): NodeJS.ErrnoException {
  return Object.assign(new Error('The name has no public address.'), { code: 'ENOTPUBLIC' });
}
