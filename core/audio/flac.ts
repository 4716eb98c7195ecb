import type CodecParser from 'codec-parser';
import type { CodecFrame } from 'codec-parser';
import { UndertoneError } from '../errors.ts';
import { tooLong } from '../limits.ts';
import { type DecodedAudio, type DecodeLimits, damaged, MonoSink } from './mono-sink.ts';
import { quietly, withDecoder } from './wasm.ts';

/** Bytes that are searched for frames at a time, between two looks at the clock. */
const BYTES_PER_STEP = 4096;

/**
 * Decodes a FLAC file in process (RFC 9639), six times as fast as spawning ffmpeg. The decoder passes over
 * hundreds of kilobytes behind a damaged frame, and says nothing; so unless every sample that the header
 * announces has come, another decoder is asked. The header of what was written into a pipe announces
 * nothing: then the frames have to fill the file.
 *
 * @param decodeElsewhere decodes the same file; where it cannot, the result is what came before the damage
 * @throws UndertoneError `audio-unreadable`, `audio-too-long`, `decode-timeout`
 */
export async function decodeFlac(
  bytes: Uint8Array,
  limits: DecodeLimits,
  decodeElsewhere: () => Promise<DecodedAudio>,
): Promise<DecodedAudio> {
  const { sampleRate, channels, totalSamples, framesAt } = readHeader(bytes);
  const sink = new MonoSink({ sampleRate, channels }, limits);
  if (totalSamples > limits.maxSeconds * sampleRate) throw tooLong(limits.maxSeconds);
  // Loaded on first use: a process that never sees FLAC does not pay for it.
  const [{ FLACDecoder }, { default: CodecParser }] = await Promise.all([
    import('@wasm-audio-decoders/flac'),
    import('codec-parser'),
  ]);
  // The decoder has a parser of its own, but gives its last frame only together with a new instance.
  const parser = new CodecParser('audio/flac', { enableFrameCRC32: false });
  let count = 0;
  let end = framesAt;
  try {
    await withDecoder(
      'flac',
      () => new FLACDecoder(),
      async (decoder) => {
        for (const frames of framesOf(bytes, framesAt, parser)) {
          sink.push([], 0);
          // One by one: a frame of silence takes 11 bytes and may hold 65,535 samples of 8 channels.
          for (const { data } of frames) {
            const decoded = await quietly(() => decoder.decodeFrames([data]));
            sink.push(decoded.channelData, decoded.samplesDecoded);
            count += decoded.samplesDecoded;
            if (decoded.errors.length > 0) return;
            end += data.length;
          }
        }
      },
    );
  } catch (error) {
    if (error instanceof UndertoneError) throw error;
    count = Number.NaN;
  }
  const isWhole = totalSamples > 0 ? count === totalSamples : count > 0 && end === bytes.length;
  if (isWhole) return sink.finish();
  return decodeElsewhere().catch((error) => {
    if (!['audio-unreadable', 'decoder-missing'].includes(error.code)) throw error;
    return sink.finish();
  });
}

/** Longest header of a frame (RFC 9639, section 9.1). */
const HEADER_BYTES = 16;

/** Yields the frames of a file, those of some bytes at a time. */
function* framesOf(
  bytes: Uint8Array,
  framesAt: number,
  parser: CodecParser,
): Generator<CodecFrame[]> {
  // Both are generators, which the types of the package do not say.
  const all = (frames: unknown) => [...(frames as Iterable<CodecFrame>)];
  for (let at = 0; at < bytes.length; at += BYTES_PER_STEP) {
    yield all(parser.parseChunk(bytes.subarray(at, at + BYTES_PER_STEP)));
  }
  // The parser looks for the header of the next frame, and misses a short last frame, such as one of silence.
  yield all(parser.parseChunk(bytes.slice(framesAt, framesAt + HEADER_BYTES)));
  yield all(parser.flush());
}

/** Reads STREAMINFO, which always comes first (RFC 9639, section 8.2), and finds the first frame. */
function readHeader(bytes: Uint8Array) {
  if (bytes.length < 42 || (bytes[4] & 0x7f) !== 0)
    throw damaged('FLAC', 'its header is truncated');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packed = view.getUint32(18);
  let framesAt = 4;
  for (let isLast = false; !isLast && framesAt + 4 <= bytes.length; ) {
    isLast = bytes[framesAt] >= 0x80;
    framesAt += 4 + (view.getUint32(framesAt) & 0xffffff);
  }
  return {
    sampleRate: packed >>> 12,
    channels: ((packed >>> 9) & 7) + 1,
    // 36 bits; zero means unknown.
    totalSamples: (packed & 0xf) * 2 ** 32 + view.getUint32(22),
    framesAt,
  };
}
