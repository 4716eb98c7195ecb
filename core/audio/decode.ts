import { DECODE_TIMEOUT_MS, MAX_BYTES, MAX_SECONDS, tooLarge } from '../limits.ts';
import { decodeWithFfmpeg } from './ffmpeg.ts';
import { decodeFlac } from './flac.ts';
import { type DecodedAudio, type DecodeLimits, SAMPLE_RATE } from './mono-sink.ts';
import { decodeOggOpus } from './ogg.ts';
import { type Container, sniff } from './sniff.ts';
import { decodeWav } from './wav.ts';
import { decodeWebmOpus } from './webm.ts';

export { type DecodedAudio, SAMPLE_RATE };

/** Limits for one recording; the defaults are those of core/limits.ts. */
export interface DecodeOptions {
  readonly maxBytes?: number;
  readonly maxSeconds?: number;
  readonly timeoutMs?: number;
}

/**
 * Decodes a recording to mono float32 samples at 16 kHz, full scale at ±1. The first bytes determine
 * the container. WAV, FLAC, and Opus in Ogg or WebM are decoded in process; ffmpeg decodes the rest.
 *
 * @throws UndertoneError `audio-missing`, `audio-too-large`, `audio-too-long`, `format-unsupported`,
 * `audio-unreadable`, `decode-timeout`, `decoder-missing`
 * @example
 * const { samples, duration } = await decode(await readFile('note.ogg'));
 */
export async function decode(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedAudio> {
  const { maxBytes = MAX_BYTES, maxSeconds = MAX_SECONDS } = options;
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  const container = sniff(bytes);
  const limits: DecodeLimits = {
    maxSeconds,
    deadline: performance.now() + (options.timeoutMs ?? DECODE_TIMEOUT_MS),
  };
  const recording = bytes.subarray(container.start);
  return (
    (await decodeInProcess(recording, container, limits)) ??
    (await decodeWithFfmpeg(recording, container, limits))
  );
}

async function decodeInProcess(
  bytes: Uint8Array,
  { name }: Container,
  limits: DecodeLimits,
): Promise<DecodedAudio | null> {
  if (name === 'wav') return decodeWav(bytes, limits);
  if (name === 'ogg') return decodeOggOpus(bytes, limits);
  if (name === 'webm') return decodeWebmOpus(bytes, limits);
  if (name === 'flac') return decodeFlac(bytes, limits);
  return null;
}
