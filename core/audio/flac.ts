import { UndertoneError } from '../errors.ts';
import { tooLong } from '../limits.ts';
import { type DecodedAudio, type DecodeLimits, damaged, MonoSink } from './mono-sink.ts';

/**
 * Bytes fed at a time, which bounds the memory of one step: a frame of silence takes 11 bytes and may
 * hold 65,535 samples of 8 channels.
 */
const BYTES_PER_STEP = 1024;

/**
 * Decodes a FLAC file in process (RFC 9639), six times as fast as spawning ffmpeg. The decoder passes over
 * hundreds of kilobytes behind a damaged frame, and says nothing; so unless every sample that the header
 * announces has come, another decoder is asked.
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
  const { FLACDecoder } = await import('@wasm-audio-decoders/flac');
  const decoder = new FLACDecoder();
  await decoder.ready;
  let decoded = 0;
  const push = ({ channelData, samplesDecoded }: Step) => {
    sink.push(channelData, samplesDecoded);
    decoded += samplesDecoded;
  };
  try {
    for (let at = 0; at < bytes.length; at += BYTES_PER_STEP) {
      const step = await decoder.decode(bytes.subarray(at, at + BYTES_PER_STEP));
      push(step);
      if (step.errors.length > 0) break;
    }
    // The decoder looks for the header of the next frame, and misses a short last frame, such as one of silence.
    push(await decoder.decode(bytes.slice(framesAt, framesAt + HEADER_BYTES)));
    push(await decoder.flush());
  } catch (error) {
    if (error instanceof UndertoneError) throw error;
    decoded = Number.NaN;
  } finally {
    decoder.free();
  }
  if (decoded === totalSamples && decoded > 0) return sink.finish();
  return decodeElsewhere().catch((error) => {
    if (!['audio-unreadable', 'decoder-missing'].includes(error.code)) throw error;
    return sink.finish();
  });
}

type Step = { readonly channelData: Float32Array[]; readonly samplesDecoded: number };

/** Longest header of a frame (RFC 9639, section 9.1). */
const HEADER_BYTES = 16;

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
