import type { OpusDecoder } from 'opus-decoder';
import {
  type DecodedAudio,
  type DecodeLimits,
  damaged,
  MonoSink,
  SAMPLE_RATE,
} from './mono-sink.ts';
import { quietly, withDecoder } from './wasm.ts';

/** Containers of Opus count positions and lengths in samples at 48 kHz, called granules (RFC 7845). */
export const GRANULE_RATE = 48_000;
/** The decoder outputs this rate itself, far cheaper than resampling (RFC 6716, section 2). */
const DECODED_RATE = SAMPLE_RATE;
const GRANULES_PER_SAMPLE = GRANULE_RATE / DECODED_RATE;

export interface OpusHead {
  readonly channels: number;
  /** Granules at the start that are not part of the audio. */
  readonly preSkip: number;
  /** What decoded samples are multiplied by. */
  readonly gain: number;
  readonly streamCount: number;
  readonly coupledStreamCount: number;
  readonly channelMappingTable: number[];
}

/** Consecutive packets, few enough for their audio to fit in memory. */
export interface OpusBatch {
  /** Where another stream begins, of the same layout as the first: its header. */
  readonly head?: OpusHead;
  readonly packets: readonly Uint8Array[];
  /** Given how many granules they decoded to, returns how many at the end are padding. */
  readonly padding: (granules: number) => number;
}

/** One stream of Opus, or several of one layout. */
export interface OpusStream {
  readonly head: OpusHead;
  readonly batches: Iterable<OpusBatch>;
}

/**
 * Decodes the packets of a stream.
 *
 * @param container name of the container, for error messages
 * @throws UndertoneError `audio-unreadable`, `audio-too-long`, `decode-timeout`
 */
export async function decodeOpus(
  { head, batches }: OpusStream,
  limits: DecodeLimits,
  container: string,
): Promise<DecodedAudio> {
  const sink = new MonoSink({ sampleRate: DECODED_RATE, channels: head.channels }, limits);
  // Loaded on first use: a process that never sees Opus does not pay for it.
  const { OpusDecoder } = await import('opus-decoder');
  const create = () => new OpusDecoder({ ...head, preSkip: 0, sampleRate: DECODED_RATE });
  // Of other layouts there are too many to keep a decoder for each.
  const kind = head.channels <= 2 ? `opus ${layoutOf(head)}` : null;
  await withDecoder(kind, create, async (decoder, restart) => {
    let { gain } = head;
    let skip = toSamples(head.preSkip);
    for (const { packets, padding, head: next } of batches) {
      if (next) {
        await restart();
        gain = next.gain;
        skip = toSamples(next.preSkip);
      }
      const decoded = decodePackets(decoder, packets, container);
      const { channelData, samplesDecoded } = decoded;
      const start = Math.min(skip, samplesDecoded);
      skip -= start;
      const excess = toSamples(padding(samplesDecoded * GRANULES_PER_SAMPLE));
      const end = samplesDecoded - Math.min(Math.max(excess, 0), samplesDecoded);
      const sound = channelData.map((channel) => channel.subarray(start, end));
      const amplified = gain === 1 ? sound : sound.map((samples) => samples.map((x) => gain * x));
      sink.push(amplified, end - start);
    }
  });
  return sink.finish();
}

type Decoder = OpusDecoder<typeof DECODED_RATE>;

/** @throws UndertoneError `audio-unreadable` */
function decodePackets(
  decoder: Decoder,
  packets: readonly Uint8Array[],
  container: string,
): ReturnType<Decoder['decodeFrames']> {
  try {
    const decoded = quietly(() => decoder.decodeFrames([...packets]));
    // Everything after a bad packet decodes to noise.
    if (decoded.errors.length === 0) return decoded;
  } catch (error) {
    throw damaged(container, 'an Opus packet cannot be decoded', error);
  }
  throw damaged(container, 'it has an invalid Opus packet');
}

/** Identifies what a decoder is made for: streams of one layout can share it. */
export function layoutOf({ preSkip, gain, ...layout }: OpusHead): string {
  return JSON.stringify(layout);
}

function toSamples(granules: number): number {
  return Math.round(granules / GRANULES_PER_SAMPLE);
}

/**
 * Reads the identification header (RFC 7845, section 5.1).
 *
 * @throws UndertoneError `audio-unreadable`
 */
export function readOpusHead(body: Uint8Array, container: string): OpusHead {
  const unreadable = (why: string) => damaged(container, why);
  if (body.length < 19) throw unreadable('its header is truncated');
  const channels = body[9];
  const preSkip = body[10] | (body[11] << 8);
  // In 256ths of a decibel, signed. Whoever decodes must apply it.
  const gain = 10 ** ((((body[16] | (body[17] << 8)) << 16) >> 16) / 256 / 20);
  const family = body[18];
  if (family === 0) {
    if (channels !== 1 && channels !== 2)
      throw unreadable(`its header claims ${channels} channels`);
    return {
      channels,
      preSkip,
      gain,
      streamCount: 1,
      coupledStreamCount: channels - 1,
      channelMappingTable: channels === 2 ? [0, 1] : [0],
    };
  }
  if (channels < 1 || body.length < 21 + channels)
    throw unreadable('its channel mapping is truncated');
  const streamCount = body[19];
  const coupledStreamCount = body[20];
  const channelMappingTable = Array.from(body.subarray(21, 21 + channels));
  const isSound =
    streamCount >= 1 &&
    coupledStreamCount <= streamCount &&
    streamCount + coupledStreamCount <= 255 &&
    channelMappingTable.every((s) => s === 255 || s < streamCount + coupledStreamCount);
  if (!isSound) throw unreadable('its channel mapping is inconsistent');
  return { channels, preSkip, gain, streamCount, coupledStreamCount, channelMappingTable };
}
