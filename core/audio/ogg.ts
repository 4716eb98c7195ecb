import { concatBytes } from '../bytes.ts';
import { type DecodedAudio, type DecodeLimits, damaged } from './mono-sink.ts';
import {
  decodeOpus,
  layoutOf,
  type OpusBatch,
  type OpusHead,
  type OpusStream,
  readOpusHead,
} from './opus.ts';
import { startsWith } from './sniff.ts';

const CONTAINER = 'Ogg Opus';
const HEADER_BYTES = 27;
const FLAG_CONTINUED = 1;
const FLAG_FIRST = 2;
const FLAG_LAST = 4;

/**
 * Decodes an Ogg file whose only stream is Opus, or a chain of such files, in process (RFC 7845).
 *
 * @returns null if it holds anything else (see readOggOpus), which ffmpeg decodes
 * @throws UndertoneError `audio-unreadable`, `audio-too-long`, `decode-timeout`
 */
export async function decodeOggOpus(
  bytes: Uint8Array,
  limits: DecodeLimits,
): Promise<DecodedAudio | null> {
  const stream = readOggOpus(bytes);
  return stream && decodeOpus(stream, limits, CONTAINER);
}

/**
 * Returns the links of a chain that have different codecs, each as a file of its own, because ffmpeg
 * decodes no more than the first; nothing if they are alike.
 */
export function mixedLinks(bytes: Uint8Array): Uint8Array[] {
  const links = linksOf(bytes);
  const codecs = new Set(links.map(({ firsts: [first] }) => String(first.body.subarray(0, 7))));
  return codecs.size < 2 ? [] : links.map(({ from, to }) => bytes.subarray(from, to));
}

/**
 * Returns the Opus packets of an Ogg file; null if it holds anything else: Vorbis, Speex, FLAC, video,
 * several streams.
 *
 * @throws UndertoneError `audio-unreadable`
 */
export function readOggOpus(bytes: Uint8Array): OpusStream | null {
  const streams: Stream[] = [];
  for (const { from, to, firsts } of linksOf(bytes)) {
    const [first] = firsts.filter(({ body }) => startsWith(body, 'OpusHead'));
    if (!first || firsts.some(({ serial }) => serial !== first.serial)) return null;
    const pages = bytes.subarray(from, to);
    streams.push({ head: readOpusHead(first.body, CONTAINER), pages });
  }
  if (streams.length === 0) throw damaged(CONTAINER, 'its beginning is missing');
  const [{ head }] = streams;
  if (streams.some((stream) => layoutOf(stream.head) !== layoutOf(head))) return null;
  return { head, batches: batches(streams) };
}

/** One link of a chain, in a file that holds nothing but Opus. */
interface Stream {
  readonly head: OpusHead;
  /** The bytes of its pages. */
  readonly pages: Uint8Array;
}

/**
 * Returns where each link lies, and the pages that begin its streams: files that were appended to one
 * another make a chain (RFC 3533). Pages before the first header belong to nothing. The other pages are
 * read again when they are decoded: kept, those of a small file would fill the memory.
 */
function linksOf(bytes: Uint8Array) {
  const links: { from: number; to: number; firsts: OggPage[] }[] = [];
  let wasFirst = false;
  for (const page of oggPages(bytes)) {
    if (page.isFirst && !wasFirst) {
      const previous = links.at(-1);
      if (previous) previous.to = page.at;
      links.push({ from: page.at, to: bytes.length, firsts: [] });
    }
    if (page.isFirst) links.at(-1)?.firsts.push(page);
    wasFirst = page.isFirst;
  }
  return links;
}

/** One batch per page, which bounds the memory: a page holds at most 255 packets of 120 ms. */
function* batches(streams: readonly Stream[]): Generator<OpusBatch> {
  for (const [i, { head, pages }] of streams.entries()) {
    let next = i > 0 ? head : undefined;
    let position = 0n;
    for (const { packets, granule, isLast } of oggPackets(oggPages(pages))) {
      const audio = packets.filter(
        (packet) =>
          packet.length > 0 && !startsWith(packet, 'OpusHead') && !startsWith(packet, 'OpusTags'),
      );
      if (audio.length === 0) continue;
      // Compared with the page before it, the last one may end early: the rest is padding (RFC 7845, 4.4).
      // The whole stream says less: it may begin anywhere, and pages may be lost or come twice.
      const length = Number(granule - position);
      position = granule;
      const padding = (granules: number) => (isLast && length >= 0 ? granules - length : 0);
      yield { packets: audio, padding, ...(next && { head: next }) };
      next = undefined;
    }
  }
}

/** One page of an Ogg stream (RFC 3533). */
export interface OggPage {
  /** Where it begins. */
  readonly at: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly isContinued: boolean;
  /** The codec's position at the end of the page; −1 if no packet ends on it. */
  readonly granule: bigint;
  readonly serial: number;
  /** Segment lengths in bytes; a packet ends at the first one below 255. */
  readonly lacing: Uint8Array;
  readonly body: Uint8Array;
}

/**
 * Bytes of pages with a wrong checksum that are read for each byte of a file. Pages may lie within such
 * pages, over and over: without a limit the time would grow with more than the size of the file.
 */
const WRONG_PER_BYTE = 16;

/**
 * Yields the intact pages in order. Bytes between pages and pages with a wrong checksum are skipped,
 * as RFC 3533 asks: the rest is still playable.
 */
export function* oggPages(bytes: Uint8Array): Generator<OggPage> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let wrongBytes = 0;
  while (at + HEADER_BYTES <= bytes.length && wrongBytes <= WRONG_PER_BYTE * bytes.length) {
    if (!startsWith(bytes, 'OggS', at)) {
      at++;
      continue;
    }
    const segments = bytes[at + 26];
    const bodyAt = at + HEADER_BYTES + segments;
    const lacing = bytes.subarray(at + HEADER_BYTES, bodyAt);
    const end = bodyAt + lacing.reduce((sum, length) => sum + length, 0);
    if (end > bytes.length) {
      // Truncated, or not a page at all: look for another one after the magic.
      at += 4;
      continue;
    }
    if (oggChecksum(bytes.subarray(at, end)) !== view.getUint32(at + 22, true)) {
      wrongBytes += end - at;
      at += 4;
      continue;
    }
    yield {
      at,
      isFirst: (bytes[at + 5] & FLAG_FIRST) !== 0,
      isLast: (bytes[at + 5] & FLAG_LAST) !== 0,
      isContinued: (bytes[at + 5] & FLAG_CONTINUED) !== 0,
      granule: view.getBigInt64(at + 6, true),
      serial: view.getUint32(at + 14, true),
      lacing,
      body: bytes.subarray(bodyAt, end),
    };
    at = end;
  }
}

/**
 * Yields, for each page, the packets that end on it. A packet that began on a missing page is
 * dropped.
 */
export function* oggPackets(
  pages: Iterable<OggPage>,
): Generator<{ packets: Uint8Array[]; granule: bigint; isLast: boolean }> {
  /** Parts of the packet that goes on behind the last page; joined once, when it ends. */
  let pending: Uint8Array[] | null = null;
  for (const page of pages) {
    const packets: Uint8Array[] = [];
    let start = 0;
    let end = 0;
    let isOrphan = page.isContinued && pending === null;
    if (!page.isContinued) pending = null;
    for (const length of page.lacing) {
      end += length;
      if (length === 255) continue;
      const part = page.body.subarray(start, end);
      if (!isOrphan) packets.push(pending ? concatBytes([...pending, part]) : part);
      isOrphan = false;
      pending = null;
      start = end;
    }
    if (end > start && !isOrphan) {
      pending ??= [];
      pending.push(page.body.subarray(start, end));
    }
    yield { packets, granule: page.granule, isLast: page.isLast };
  }
}

/** CRC-32 with polynomial 0x04c11db7, not reflected, of a page with its checksum field zeroed. */
export function oggChecksum(page: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : page[i];
    crc = ((crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ byte]) >>> 0;
  }
  return crc;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc >>> 0;
});
