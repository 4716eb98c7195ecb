import { UndertoneError } from './errors.ts';

/** Largest recording in bytes: 25 MiB, the most that chat platforms let people upload. */
export const MAX_BYTES = 25 * 1024 * 1024;

/** Longest recording in seconds of decoded audio. */
export const MAX_SECONDS = 300;

/** Longest time in milliseconds that decoding one recording may take. */
export const DECODE_TIMEOUT_MS = 15_000;

/** Returns the `audio-too-large` error for a recording of more than `maxBytes`. */
export function tooLarge(maxBytes: number = MAX_BYTES): UndertoneError {
  return new UndertoneError(
    'audio-too-large',
    `The file exceeds the limit of ${(maxBytes / 2 ** 20).toFixed(0)} MiB. Compress it (Ogg Opus or M4A) or split it into parts.`,
  );
}

/** Returns the `audio-too-long` error for a recording of more than `maxSeconds`. */
export function tooLong(maxSeconds: number = MAX_SECONDS): UndertoneError {
  return new UndertoneError(
    'audio-too-long',
    `The recording exceeds the limit of ${maxSeconds} seconds. Split it and send the parts.`,
  );
}

/** Returns the `decode-timeout` error. */
export function decodeTimeout(cause?: unknown): UndertoneError {
  return new UndertoneError(
    'decode-timeout',
    'Decoding the recording took too long and was stopped. Export it as WAV or Ogg Opus, or send a shorter part.',
    { cause },
  );
}
