/**
 * Returns a URL, or null for a text that is none. Node 20 has no `URL.parse`, and once its `URL.canParse` is
 * compiled, it refuses addresses with letters such as ü.
 *
 * @param base what a relative URL is relative to
 * @example
 * parseUrl('https://example.com/a')?.pathname; // '/a'
 * parseUrl('example'); // null
 */
export function parseUrl(text: string, base?: string | URL): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

/** Returns whether a host name or an address always means this machine (RFC 6761 for localhost). */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === '::1' || /^127(\.\d{1,3}){3}$/.test(name) || /^(.+\.)?localhost$/.test(name);
}
