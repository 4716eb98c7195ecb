import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { UndertoneError } from '../../core/index.ts';
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

/** The part of IPv6 that is given out for hosts of the internet (RFC 4291, 2.4). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** Public by their number, but the metadata service of a cloud: Azure's. */
const METADATA = new Set(['168.63.129.16']);

/**
 * Returns whether an IP address belongs to a host of the internet: not to this machine, a private or
 * shared network, a link, a group, documentation or tests, a metadata service, and not to what embeds an
 * IPv4 address in an IPv6 address (mapped, NAT64, 6to4, Teredo), which leads wherever that one does.
 * The ranges are those of the registries of special-purpose addresses of IANA (RFC 6890), as ipaddr.js
 * knows them.
 *
 * @param address as `dns.lookup` returns it; anything else is not public
 * @example
 * isPublicAddress('9.9.9.9'); // true
 * isPublicAddress('::ffff:127.0.0.1'); // false
 */
export function isPublicAddress(address: string): boolean {
  // The parser also reads octal, hexadecimal and short forms, which `dns.lookup` does not return.
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) && !ipaddr.IPv6.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast' || METADATA.has(address)) return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST);
}
