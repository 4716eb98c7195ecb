import { indexOfBytes, latin1 } from '../bytes.ts';
import type { DecodedAudio, DecodeLimits } from './mono-sink.ts';
import { decodeOpus, GRANULE_RATE, type OpusBatch, type OpusStream, readOpusHead } from './opus.ts';
import { startsWith } from './sniff.ts';

const CONTAINER = 'WebM';
/** Packets decoded at a time, of up to 120 ms each. */
const BATCH = 255;
const NANOSECONDS = 1e9;

/** IDs of the elements that are read (RFC 9559, section 5). */
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

/** Recorders do not know the size of these, so they are entered rather than read as a whole. */
const ENTERED: ReadonlySet<number> = new Set([ID.segment, ID.cluster]);
const CLUSTER_MAGIC = [0x1f, 0x43, 0xb6, 0x75];

const AUDIO_TRACK = 2;
/** Bits of a block's flags that are set if it holds several packets. */
const LACING = 0x06;

/** One audio track. */
interface WebmTrack {
  readonly number: number;
  /** For example `A_OPUS`. */
  readonly codec: string;
  readonly codecPrivate: Uint8Array;
  /** Whether its packets are compressed again, or encrypted. */
  readonly isEncoded: boolean;
}

interface WebmBlock {
  readonly track: number;
  /** Whether it holds several packets. */
  readonly isLaced: boolean;
  readonly data: Uint8Array;
  /** Nanoseconds of padding at the end of its audio. */
  readonly discardPadding: number;
}

/** An EBML element (RFC 8794); `from` and `to` delimit its content. */
interface Element {
  readonly id: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Decodes a WebM or Matroska file whose only audio track is Opus, as browsers record it, in process.
 * Video tracks are ignored.
 *
 * @returns null if it holds anything else (see readWebmOpus), which ffmpeg decodes
 * @throws UndertoneError `audio-unreadable`, `audio-too-long`, `decode-timeout`
 */
export async function decodeWebmOpus(
  bytes: Uint8Array,
  limits: DecodeLimits,
): Promise<DecodedAudio | null> {
  const stream = readWebmOpus(bytes);
  return stream && decodeOpus(stream, limits, CONTAINER);
}

/**
 * Returns the Opus packets of a WebM or Matroska file; null if it holds anything else: Vorbis, AAC,
 * several audio tracks, packets that are laced or encrypted.
 *
 * @throws UndertoneError `audio-unreadable`
 */
export function readWebmOpus(bytes: Uint8Array): OpusStream | null {
  const [track, ...others] = webmAudioTracks(bytes);
  if (!track || others.length > 0) return null;
  const { number, codec, codecPrivate, isEncoded } = track;
  if (codec !== 'A_OPUS' || isEncoded || !startsWith(codecPrivate, 'OpusHead')) return null;
  for (const block of webmBlocks(bytes)) if (block.track === number && block.isLaced) return null;
  const head = readOpusHead(codecPrivate, CONTAINER);
  return { head, batches: batches(bytes, number) };
}

function* batches(bytes: Uint8Array, number: number): Generator<OpusBatch> {
  let packets: Uint8Array[] = [];
  for (const { track, data, discardPadding } of webmBlocks(bytes)) {
    if (track !== number || data.length === 0) continue;
    packets.push(data);
    if (packets.length < BATCH && discardPadding === 0) continue;
    const padding = Math.round((discardPadding / NANOSECONDS) * GRANULE_RATE);
    yield { packets, padding: () => padding };
    packets = [];
  }
  if (packets.length > 0) yield { packets, padding: () => 0 };
}

/** Yields the readable audio tracks of a WebM or Matroska file. */
function* webmAudioTracks(bytes: Uint8Array): Generator<WebmTrack> {
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
 * Yields the blocks of all tracks in order. Damage is skipped up to the next cluster, and a truncated
 * block is left out: the rest is still playable.
 */
function* webmBlocks(bytes: Uint8Array): Generator<WebmBlock> {
  for (const element of topElements(bytes)) {
    if (element.id === ID.simpleBlock) yield* blockIn(bytes, element, 0);
    if (element.id !== ID.blockGroup) continue;
    const { block, discardPadding } = partsOf(bytes, element);
    if (block) yield* blockIn(bytes, block, discardPadding ? signed(bytes, discardPadding) : 0);
  }
}

/** Yields the elements of the segment and of its clusters, in order. */
function* topElements(bytes: Uint8Array): Generator<Element> {
  let at = 0;
  while (at < bytes.length) {
    const element = elementAt(bytes, at);
    if (!element) {
      at = indexOfBytes(bytes, CLUSTER_MAGIC, at + 1);
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

/** Returns the element at an offset, or null if none lies there in full. */
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

/** Returns the known children of an element; of several with one name, the last. */
function partsOf(bytes: Uint8Array, { from, to }: Element): Partial<Record<Name, Element>> {
  const parts: Partial<Record<Name, Element>> = {};
  for (const part of children(bytes, from, to)) {
    const name = NAMES.get(part.id);
    if (name) parts[name] = part;
  }
  return parts;
}

/** Returns an audio track, or null for video and subtitles. */
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
    // It may be padded with zeros (RFC 8794, 7.4).
    codec: latin1(content('codecId')).split('\0', 1)[0],
    codecPrivate: content('codecPrivate'),
    isEncoded: parts.contentEncodings !== undefined,
  };
}

/** A block consists of its track number, a two-byte timestamp, flags and packets (RFC 9559, 10). */
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

/** Length in bytes of a variable-size integer, from its first byte (RFC 8794, 4); 9 or more if invalid. */
function vintLength(first: number | undefined): number {
  return first === undefined ? 9 : Math.clz32(first) - 23;
}

/** Returns the value of a variable-size integer, without the bit that marks its length. */
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
