import type { DecodedAudio, DecodeLimits } from './mono-sink.ts';
import { decodeOpus, GRANULE_RATE, type OpusBatch, readOpusHead } from './opus.ts';
import { startsWith } from './sniff.ts';
import { webmAudioTracks, webmBlocks } from './webm.ts';

const CONTAINER = 'WebM';
/** Packets that are decoded at a time, of up to 120 ms each. */
const BATCH = 255;
const NANOSECONDS = 1e9;

/**
 * Decodes a WebM or Matroska file whose one track of sound is Opus, in process: what browsers record.
 * Pictures beside it are passed over. Returns null when it holds anything else (Vorbis, AAC, several
 * languages, packets that are laced or encrypted): ffmpeg reads those.
 *
 * @throws UndertoneError `audio-unreadable`, `audio-too-long`, `decode-timeout`.
 */
export async function decodeWebmOpus(
  bytes: Uint8Array,
  limits: DecodeLimits,
): Promise<DecodedAudio | null> {
  const [track, ...others] = webmAudioTracks(bytes);
  if (!track || others.length > 0) return null;
  const { number, codec, codecPrivate, isEncoded } = track;
  if (codec !== 'A_OPUS' || isEncoded || !startsWith(codecPrivate, 'OpusHead')) return null;
  for (const block of webmBlocks(bytes)) if (block.track === number && block.isLaced) return null;
  const head = readOpusHead(codecPrivate, CONTAINER);
  return decodeOpus(head, batches(bytes, number), limits, CONTAINER);
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
