import { OpusDecoder } from 'opus-decoder';
import { UndertoneError } from '../errors.ts';
import {
  type DecodedAudio,
  type DecodeLimits,
  MonoSink,
  SAMPLE_RATE,
  tooLong,
} from './mono-sink.ts';
import { type OggPage, oggPackets, oggPages } from './ogg.ts';
import { startsWith } from './sniff.ts';

/** Positions and lengths in an Ogg Opus file count samples at 48 kHz, whatever it holds (RFC 7845). */
const GRANULE_RATE = 48_000;
/** The decoder gives this rate by itself, at a fraction of the cost of resampling (RFC 6716, 2). */
const DECODED_RATE = SAMPLE_RATE;
const GRANULES_PER_SAMPLE = GRANULE_RATE / DECODED_RATE;

interface OpusHead {
  readonly channels: number;
  readonly preSkip: number;
  readonly streamCount: number;
  readonly coupledStreamCount: number;
  readonly channelMappingTable: number[];
}

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
    if (startsWith(page.body, 'OpusHead')) head = readHead(page.body);
  }
  if (serials.size === 0) {
    throw unreadable('not one page of it is whole');
  }
  if (!head || serials.size > 1) return null;

  if (claimedSeconds(bytes) > limits.maxSeconds) throw tooLong(limits.maxSeconds);
  const sink = new MonoSink({ sampleRate: DECODED_RATE, channels: head.channels }, limits);
  const decoder = new OpusDecoder({ ...head, preSkip: 0, sampleRate: DECODED_RATE });
  await decoder.ready;
  try {
    decodePackets(oggPages(bytes), head, decoder, sink);
  } catch (error) {
    if (error instanceof UndertoneError) throw error;
    throw unreadable('a packet cannot be decoded', error);
  } finally {
    decoder.free();
  }
  return sink.finish();
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

function decodePackets(
  pages: Iterable<OggPage>,
  head: OpusHead,
  decoder: OpusDecoder<typeof DECODED_RATE>,
  sink: MonoSink,
): void {
  let skip = Math.round(head.preSkip / GRANULES_PER_SAMPLE);
  let decoded = 0;
  let firstGranule: bigint | null = null;
  // Page by page: a page holds at most 255 packets of 120 ms, which bounds the memory.
  for (const { packets, granule, isLast } of oggPackets(pages)) {
    const audio = packets.filter(
      (packet) =>
        packet.length > 0 && !startsWith(packet, 'OpusHead') && !startsWith(packet, 'OpusTags'),
    );
    if (audio.length === 0) continue;
    const { channelData, samplesDecoded, errors } = decoder.decodeFrames(audio);
    // The checksum was right, so such a page was made to be wrong; going on would only be noise.
    if (errors.length > 0) throw unreadable('a packet is not Opus');
    // Streams may begin anywhere (a cut from a longer one): the first page tells where (RFC 7845, 4.3).
    firstGranule ??= granule - BigInt(samplesDecoded * GRANULES_PER_SAMPLE);
    const start = Math.min(skip, samplesDecoded);
    skip -= start;
    decoded += samplesDecoded;
    // The last page's position may cut the padding of the last packet (RFC 7845, 4.4).
    const granules = Number(granule - maxBigInt(firstGranule, 0n));
    const excess = isLast ? decoded - Math.round(granules / GRANULES_PER_SAMPLE) : 0;
    const end = samplesDecoded - Math.min(Math.max(excess, 0), samplesDecoded);
    sink.pushPlanar(
      channelData.map((channel) => channel.subarray(start, end)),
      end - start,
    );
  }
}

function maxBigInt(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** Reads the identification header (RFC 7845, 5.1). */
function readHead(body: Uint8Array): OpusHead {
  if (body.length < 19) throw unreadable('its header is cut off');
  const channels = body[9];
  const preSkip = body[10] | (body[11] << 8);
  const family = body[18];
  if (family === 0) {
    if (channels !== 1 && channels !== 2) throw unreadable(`its header names ${channels} channels`);
    return {
      channels,
      preSkip,
      streamCount: 1,
      coupledStreamCount: channels - 1,
      channelMappingTable: channels === 2 ? [0, 1] : [0],
    };
  }
  if (channels < 1 || body.length < 21 + channels)
    throw unreadable('its channel mapping is cut off');
  const streamCount = body[19];
  const coupledStreamCount = body[20];
  const channelMappingTable = Array.from(body.subarray(21, 21 + channels));
  const isSound =
    streamCount >= 1 &&
    coupledStreamCount <= streamCount &&
    streamCount + coupledStreamCount <= 255 &&
    channelMappingTable.every((s) => s === 255 || s < streamCount + coupledStreamCount);
  if (!isSound) throw unreadable('its channel mapping contradicts itself');
  return { channels, preSkip, streamCount, coupledStreamCount, channelMappingTable };
}

function unreadable(why: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'audio-unreadable',
    `This Ogg Opus file is damaged: ${why}. Record or export it again.`,
    { cause },
  );
}
