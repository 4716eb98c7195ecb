import { type DecodedAudio, type DecodeLimits, tooLong } from './mono-sink.ts';
import { type OggPage, oggPackets, oggPages } from './ogg.ts';
import {
  damaged,
  decodeOpus,
  GRANULE_RATE,
  type OpusBatch,
  type OpusHead,
  readOpusHead,
} from './opus.ts';
import { startsWith } from './sniff.ts';

const CONTAINER = 'Ogg Opus';

/**
 * Decodes an Ogg file whose one stream is Opus, in process (RFC 7845). Returns null when it holds
 * anything else (Vorbis, Speex, FLAC, video, several streams): ffmpeg reads those.
 *
 * @throws UndertoneError `audio-unreadable`, `audio-too-long`, `decode-timeout`.
 */
export async function decodeOggOpus(
  bytes: Uint8Array,
  limits: DecodeLimits,
): Promise<DecodedAudio | null> {
  const serials = new Set<number>();
  let head: OpusHead | null = null;
  for (const page of oggPages(bytes)) {
    if (!page.isFirst) break;
    serials.add(page.serial);
    if (startsWith(page.body, 'OpusHead')) head = readOpusHead(page.body, CONTAINER);
  }
  if (serials.size === 0) throw damaged(CONTAINER, 'not one page of it is whole');
  if (!head || serials.size > 1) return null;
  if (claimedSeconds(bytes) > limits.maxSeconds) throw tooLong(limits.maxSeconds);
  return decodeOpus(head, batches(oggPages(bytes)), limits, CONTAINER);
}

/**
 * Seconds that the last page claims. It only serves to refuse a long recording at once: what is
 * decoded is counted as well.
 */
function claimedSeconds(bytes: Uint8Array): number {
  const last = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).lastIndexOf('OggS');
  const [page] = oggPages(bytes.subarray(last));
  return page ? Number(page.granule) / GRANULE_RATE : 0;
}

/** Page by page: a page holds at most 255 packets of 120 ms, which bounds the memory. */
function* batches(pages: Iterable<OggPage>): Generator<OpusBatch> {
  let decoded = 0;
  let firstGranule: bigint | null = null;
  for (const { packets, granule, isLast } of oggPackets(pages)) {
    const audio = packets.filter(
      (packet) =>
        packet.length > 0 && !startsWith(packet, 'OpusHead') && !startsWith(packet, 'OpusTags'),
    );
    if (audio.length === 0) continue;
    yield {
      packets: audio,
      padding(granules) {
        // Streams may begin anywhere (a cut from a longer one): the first page tells where (RFC 7845, 4.3).
        firstGranule ??= granule - BigInt(granules);
        decoded += granules;
        // The last page's position may cut the padding of the last packet (RFC 7845, 4.4).
        return isLast ? decoded - Number(granule - maxBigInt(firstGranule, 0n)) : 0;
      },
    };
  }
}

function maxBigInt(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
