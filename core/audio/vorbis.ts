import { type DecodedAudio, type DecodeLimits, MonoSink } from './mono-sink.ts';
import { type OggPage, oggPages } from './ogg.ts';
import { startsWith } from './sniff.ts';
import { notUnderstood, quietly, withDecoder } from './wasm.ts';

/** Bytes of the identification header (Vorbis I, section 4.2.2). */
const HEADER_BYTES = 30;

/** One stream of Vorbis, alone in its file. */
export interface VorbisStream {
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** The bytes of each page. */
  readonly pages: Iterable<Uint8Array>;
}

/**
 * Decodes an Ogg file in process whose only stream is Vorbis, mono or stereo, without damage.
 *
 * @returns null for anything else, which ffmpeg decodes
 * @throws UndertoneError `audio-unreadable`, `audio-too-long`, `decode-timeout`
 */
export async function decodeOggVorbis(
  bytes: Uint8Array,
  limits: DecodeLimits,
): Promise<DecodedAudio | null> {
  const stream = readOggVorbis(bytes);
  if (!stream) return null;
  const sink = new MonoSink(stream, limits);
  // Loaded on first use: a process that never sees Vorbis does not pay for it.
  const { OggVorbisDecoder } = await import('@wasm-audio-decoders/ogg-vorbis');
  const create = () => new OggVorbisDecoder();
  const isWhole = await withDecoder(null, create, async (decoder) => {
    let samples = 0;
    // One page at a time, which bounds the memory: it holds at most 255 packets of 4,096 samples.
    for (const page of stream.pages) {
      const step = await quietly(() => decoder.decode(page));
      if (step.errors.length > 0) return false;
      sink.push(step.channelData, step.samplesDecoded);
      samples += step.samplesDecoded;
    }
    const { channelData, samplesDecoded } = await quietly(() => decoder.flush());
    sink.push(channelData, samplesDecoded);
    return samples + samplesDecoded > 0;
  }).catch(notUnderstood);
  return isWhole ? sink.finish() : null;
}

/**
 * Returns the pages of an Ogg file; null if it holds anything but one stream of Vorbis, mono or stereo,
 * from its beginning to its end.
 */
export function readOggVorbis(bytes: Uint8Array): VorbisStream | null {
  let first: OggPage | undefined;
  let end = 0;
  for (const page of oggPages(bytes)) {
    first ??= page;
    // Another stream, another link, or a damaged page.
    if (page.serial !== first.serial || page.isFirst !== (page === first) || page.at !== end) {
      return null;
    }
    end = page.end;
  }
  // Behind the last page is nothing but a damaged one, or a part of one.
  if (!first || end !== bytes.length) return null;
  if (!startsWith(first.body, '\x01vorbis') || first.body.length < HEADER_BYTES) return null;
  const channels = first.body[11];
  const sampleRate = new DataView(first.body.buffer, first.body.byteOffset).getUint32(12, true);
  if (channels !== 1 && channels !== 2) return null;
  return { sampleRate, channels, pages: pagesOf(bytes) };
}

function* pagesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (const { at, end } of oggPages(bytes)) yield bytes.subarray(at, end);
}
