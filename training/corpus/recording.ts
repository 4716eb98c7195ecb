import type { DecodedAudio } from '../../core/audio/mono-sink.ts';
import { UndertoneError } from '../../core/errors.ts';
import { decode } from '../../core/node/decode.ts';

/** Decodes a recording of a corpus, however long it takes: a busy or suspended computer must not cost one. */
export function decodeRecording(bytes: Uint8Array): Promise<DecodedAudio> {
  return decode(bytes, { timeoutMs: Number.POSITIVE_INFINITY });
}

/**
 * Returns why a recording cannot be trained on. An error that is not the recording's fault, such as a missing
 * decoder, is thrown: it ends the run, which would otherwise go on without the recording and remember that.
 *
 * @param thrown by decoding or analyzing the recording
 * @throws UndertoneError with the path of the recording in its message
 */
export function problemOf(path: string, thrown: unknown): string {
  const { code, status, message } = UndertoneError.from(thrown);
  if (status < 500) return message;
  throw new UndertoneError(code, `${path}: ${message}`, { cause: thrown });
}
