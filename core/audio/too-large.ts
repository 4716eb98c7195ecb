import { UndertoneError } from '../errors.ts';
import { MAX_BYTES } from '../limits.ts';

/** The error for more bytes than are taken; doors that count bytes before they arrive share it. */
export function tooLarge(maxBytes: number = MAX_BYTES): UndertoneError {
  return new UndertoneError(
    'audio-too-large',
    `The file is larger than ${(maxBytes / 2 ** 20).toFixed(0)} MiB, the most that is taken. Send it compressed (Ogg Opus, M4A) or in parts.`,
  );
}
