import ipaddr from 'ipaddr.js';

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
