import { type DecodedAudio, type DecodeOptions, decode as decodeWith } from '../audio/decode.ts';
import { decodeWithFfmpeg } from '../audio/ffmpeg.ts';

/**
 * Decodes a recording to mono float32 samples at 16 kHz, full scale at ±1. The first bytes determine
 * the container. WAV, FLAC, and Opus in Ogg or WebM are decoded in process; ffmpeg decodes the rest.
 *
 * @throws UndertoneError `audio-missing`, `audio-too-large`, `audio-too-long`, `format-unsupported`,
 * `audio-unreadable`, `decode-timeout`, `decoder-missing`
 * @example
 * const { samples, duration } = await decode(await readFile('note.ogg'));
 */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): Promise<DecodedAudio> {
  return decodeWith(bytes, { fallback: decodeWithFfmpeg, ...options });
}
