/** What Node's Buffer does with bytes, for code that runs in browsers as well. */

const LATIN1 = new TextDecoder('latin1');

/**
 * Returns bytes as text, one character each. ASCII is itself; what the characters above it are depends
 * (WHATWG decodes `latin1` as windows-1252), and nothing here asks.
 */
export function latin1(bytes: Uint8Array): string {
  return LATIN1.decode(bytes);
}

/** Returns the bytes of all chunks, one after another. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Returns where a sequence of bytes comes first, at an offset or behind it; −1 if nowhere. */
export function indexOfBytes(bytes: Uint8Array, sequence: readonly number[], offset = 0): number {
  const [first] = sequence;
  for (let at = bytes.indexOf(first, offset); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (sequence.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}
