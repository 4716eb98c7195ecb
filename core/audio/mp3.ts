import { tooLong } from '../limits.ts';
import { type DecodedAudio, type DecodeLimits, MonoSink } from './mono-sink.ts';
import { type Mp3Frame, mpegFrame } from './mpeg.ts';
import { precedesMpeg, startsWith } from './sniff.ts';
import { notUnderstood, quietly, withDecoder } from './wasm.ts';

/** Bytes fed at a time: the smallest frames hold 576 samples in 24 bytes, so that a step decodes to 25 s at most. */
const BYTES_PER_STEP = 8192;

/** Samples by which a decoder lags behind the encoder's idea of the beginning. */
const DECODER_DELAY = 529;

/** What may follow the last frame: tags (ID3, APE, Lyrics3) and padding. */
const TRAILERS = ['TAG', 'APETAGEX', 'LYRICSBEGIN', 'ID3', '\0'];

/** Consecutive frames of MP3, all alike. */
export interface Mp3Stream {
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** The frames, without the first where it only describes the others. */
  readonly bytes: Uint8Array;
  /** Samples of each channel in them. */
  readonly samples: number;
  /** Samples at the start and at the end that the encoder added. */
  readonly delay: number;
  readonly padding: number;
}

/**
 * Decodes MP3 in process: files of intact frames of one kind, as encoders write them.
 *
 * @returns null for anything else, which ffmpeg decodes: layers I and II, free format, junk between frames,
 * a change of rate or channels, damage
 * @throws UndertoneError `audio-too-long`, `decode-timeout`
 */
export async function decodeMp3(
  bytes: Uint8Array,
  limits: DecodeLimits,
): Promise<DecodedAudio | null> {
  const stream = readMp3(bytes);
  if (!stream) return null;
  const { sampleRate, channels, samples, delay, padding } = stream;
  if (samples - delay - padding > limits.maxSeconds * sampleRate) throw tooLong(limits.maxSeconds);
  const sink = new MonoSink({ sampleRate, channels }, limits);
  // Loaded on first use: a process that never sees MP3 does not pay for it.
  const { MPEGDecoder } = await import('mpg123-decoder');
  // What the encoder added is removed here: a header may claim anything.
  const create = () => new MPEGDecoder({ enableGapless: false });
  const isWhole = await withDecoder('mp3', create, (decoder) => {
    let decoded = 0;
    for (let at = 0; at < stream.bytes.length; at += BYTES_PER_STEP) {
      const chunk = stream.bytes.subarray(at, at + BYTES_PER_STEP);
      const step = quietly(() => decoder.decode(chunk));
      if (step.errors.length > 0) return false;
      const from = Math.max(0, delay - decoded);
      const to = Math.min(step.samplesDecoded, samples - padding - decoded);
      const sound = step.channelData.slice(0, channels);
      sink.push(
        sound.map((channel) => channel.subarray(from, Math.max(from, to))),
        to - from,
      );
      decoded += step.samplesDecoded;
    }
    return decoded === samples;
  }).catch(notUnderstood);
  return isWhole ? sink.finish() : null;
}

/** Returns the frames of an MP3 file; null if ffmpeg has to decode it (see decodeMp3). */
export function readMp3(bytes: Uint8Array): Mp3Stream | null {
  const first = mp3FrameAt(bytes, 0);
  if (!first) return null;
  const info = infoOf(bytes.subarray(0, first.length), first);
  const start = info ? first.length : 0;
  let at = start;
  let samples = 0;
  for (let frame = mp3FrameAt(bytes, at); frame; frame = mp3FrameAt(bytes, at)) {
    if (frame.sampleRate !== first.sampleRate || frame.channels !== first.channels) return null;
    // Cut off in the middle.
    if (at + frame.length > bytes.length) break;
    at += frame.length;
    samples += frame.samples;
  }
  const isEnd =
    at === bytes.length ||
    mp3FrameAt(bytes, at) !== null ||
    (TRAILERS.some((magic) => startsWith(bytes, magic, at)) && !precedesMpeg(bytes.subarray(at)));
  const { delay, padding } = info ?? { delay: 0, padding: 0 };
  if (!isEnd || samples <= delay + padding) return null;
  const { sampleRate, channels } = first;
  return { sampleRate, channels, bytes: bytes.subarray(start, at), samples, delay, padding };
}

/** Returns the frame of layer III at an offset; null if there is none whose length is known. */
function mp3FrameAt(bytes: Uint8Array, at: number): Mp3Frame | null {
  const frame = mpegFrame(bytes.subarray(at, at + 6));
  return frame?.name === 'mp3' && frame.layer === 3 && frame.length > 6 ? frame : null;
}

/**
 * Returns what the first frame says about the others, where it holds that instead of sound: how many
 * samples the encoder added. (Xing, VBRI and LAME have no standard; the fields are those that ffmpeg reads.)
 */
function infoOf(frame: Uint8Array, { isMpeg1, channels, hasChecksum }: Mp3Frame) {
  const sideBytes = isMpeg1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  const at = 4 + (hasChecksum ? 2 : 0) + sideBytes;
  if (startsWith(frame, 'VBRI', 36)) return { delay: 0, padding: 0 };
  if (!['Xing', 'Info'].some((magic) => startsWith(frame, magic, at))) return null;
  const flags = frame[at + 7];
  const optional = [4, 4, 100, 4].reduce((sum, size, bit) => sum + ((flags >> bit) & 1) * size, 0);
  const encoder = at + 8 + optional;
  const isKnown = ['LAME', 'Lavf', 'Lavc'].some((magic) => startsWith(frame, magic, encoder));
  if (!isKnown || encoder + 24 > frame.length) return { delay: 0, padding: 0 };
  const [a, b, c] = frame.subarray(encoder + 21, encoder + 24);
  return {
    delay: ((a << 4) | (b >> 4)) + DECODER_DELAY,
    padding: Math.max(0, (((b & 15) << 8) | c) - DECODER_DELAY),
  };
}
