/** Ids of the elements that are read (RFC 9559, section 5). */
const ID = {
  segment: 0x18538067,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackType: 0x83,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  contentEncodings: 0x6d80,
  cluster: 0x1f43b675,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
  discardPadding: 0x75a2,
} as const;

type Name = keyof typeof ID;
const NAMES = new Map(Object.entries(ID).map(([name, id]) => [id as number, name as Name]));

/** A recorder does not know the size of these: they are entered instead of being read as a whole. */
const ENTERED: ReadonlySet<number> = new Set([ID.segment, ID.cluster]);
const CLUSTER_MAGIC = Buffer.from([0x1f, 0x43, 0xb6, 0x75]);

const AUDIO_TRACK = 2;
/** Bits of a block's flags that say that it holds several packets. */
const LACING = 0x06;

/** One track of sound. */
export interface WebmTrack {
  readonly number: number;
  /** Such as `A_OPUS`. */
  readonly codec: string;
  readonly codecPrivate: Uint8Array;
  /** Whether its packets are compressed once more, or encrypted. */
  readonly isEncoded: boolean;
}

export interface WebmBlock {
  readonly track: number;
  /** Whether there are several packets in it. */
  readonly isLaced: boolean;
  readonly data: Uint8Array;
  /** Nanoseconds at the end of its sound that are padding. */
  readonly discardPadding: number;
}

/** An element of EBML (RFC 8794). */
interface Element {
  readonly id: number;
  readonly from: number;
  readonly to: number;
}

/** Yields the tracks of sound of a WebM or Matroska file, as far as they can be read. */
export function* webmAudioTracks(bytes: Uint8Array): Generator<WebmTrack> {
  for (const { id, from, to } of topElements(bytes)) {
    if (id === ID.cluster) return;
    if (id !== ID.tracks) continue;
    for (const entry of children(bytes, from, to)) {
      const track = entry.id === ID.trackEntry ? trackIn(bytes, entry) : null;
      if (track) yield track;
    }
  }
}

/**
 * Yields the blocks of all tracks in order. What is damaged is skipped up to the next cluster, and what
 * is cut off is left out: the rest can still be heard.
 */
export function* webmBlocks(bytes: Uint8Array): Generator<WebmBlock> {
  for (const element of topElements(bytes)) {
    if (element.id === ID.simpleBlock) yield* blockIn(bytes, element, 0);
    if (element.id !== ID.blockGroup) continue;
    const { block, discardPadding } = partsOf(bytes, element);
    if (block) yield* blockIn(bytes, block, discardPadding ? signed(bytes, discardPadding) : 0);
  }
}

/** Yields what lies in the segment and in its clusters, one after another. */
function* topElements(bytes: Uint8Array): Generator<Element> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (at < bytes.length) {
    const element = elementAt(bytes, at);
    if (!element) {
      at = buffer.indexOf(CLUSTER_MAGIC, at + 1);
      if (at === -1) return;
      continue;
    }
    yield element;
    at = ENTERED.has(element.id) ? element.from : element.to;
  }
}

function* children(bytes: Uint8Array, from: number, to: number): Generator<Element> {
  let at = from;
  while (at < to) {
    const element = elementAt(bytes, at);
    if (!element || element.to > to) return;
    yield element;
    at = element.to;
  }
}

/** Returns the element at a place, or null where there is none that is whole. */
function elementAt(bytes: Uint8Array, at: number): Element | null {
  const idLength = vintLength(bytes[at]);
  const sizeAt = at + idLength;
  const sizeLength = vintLength(bytes[sizeAt]);
  const from = sizeAt + sizeLength;
  if (idLength > 4 || sizeLength > 8 || from > bytes.length) return null;
  const id = unsigned(bytes.subarray(at, sizeAt));
  if (ENTERED.has(id)) return { id, from, to: bytes.length };
  const size = vint(bytes, sizeAt, sizeLength);
  return from + size <= bytes.length ? { id, from, to: from + size } : null;
}

/** Returns the parts of an element that are known; where there are several, the last. */
function partsOf(bytes: Uint8Array, { from, to }: Element): Partial<Record<Name, Element>> {
  const parts: Partial<Record<Name, Element>> = {};
  for (const part of children(bytes, from, to)) {
    const name = NAMES.get(part.id);
    if (name) parts[name] = part;
  }
  return parts;
}

/** Returns a track of sound, or null for one of pictures or words. */
function trackIn(bytes: Uint8Array, entry: Element): WebmTrack | null {
  const parts = partsOf(bytes, entry);
  const content = (name: Name): Uint8Array => {
    const { from, to } = parts[name] ?? { from: 0, to: 0 };
    return bytes.subarray(from, to);
  };
  const number = (name: Name) => unsigned(content(name));
  if (number('trackType') !== AUDIO_TRACK) return null;
  return {
    number: number('trackNumber'),
    codec: Buffer.from(content('codecId')).toString('latin1').replace(/\0+$/, ''),
    codecPrivate: content('codecPrivate'),
    isEncoded: parts.contentEncodings !== undefined,
  };
}

/** A block is the number of its track, a time of two bytes, flags, and its packets (RFC 9559, 10). */
function* blockIn(
  bytes: Uint8Array,
  { from, to }: Element,
  discardPadding: number,
): Generator<WebmBlock> {
  const length = vintLength(bytes[from]);
  const flagsAt = from + length + 2;
  if (length > 8 || flagsAt >= to) return;
  yield {
    track: vint(bytes, from, length),
    isLaced: (bytes[flagsAt] & LACING) !== 0,
    data: bytes.subarray(flagsAt + 1, to),
    discardPadding,
  };
}

/** Bytes of a number of variable length whose first byte this is (RFC 8794, 4); 9 or more for none. */
function vintLength(first: number | undefined): number {
  return first === undefined ? 9 : Math.clz32(first) - 23;
}

/** Returns the value of a number of variable length: without the bit that marks its length. */
function vint(bytes: Uint8Array, at: number, length: number): number {
  return unsigned(bytes.subarray(at + 1, at + length), bytes[at] & (0xff >> length));
}

function unsigned(bytes: Uint8Array, high = 0): number {
  return bytes.reduce((value, byte) => value * 256 + byte, high);
}

function signed(bytes: Uint8Array, { from, to }: Element): number {
  const length = Math.min(to - from, 8);
  const content = bytes.subarray(from, from + length);
  const value = content.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return Number(BigInt.asIntN(8 * length, value));
}
