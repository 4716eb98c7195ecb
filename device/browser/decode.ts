import { tooLong, UndertoneError } from '../../core/web.ts';
import type { Sound } from './protocol.ts';

/**
 * Hz at which the browser decodes. Our own resampler does the rest, so that the sound is the server's; at
 * 16 kHz browsers would cut it off lower.
 */
const RATE = 32_000;

/** Bytes of a recording that is decoded although its header does not tell how long it is. */
const MAX_UNKNOWN = 5 * 1024 * 1024;

/** Milliseconds to wait for the length of a recording. */
const PATIENCE = 5000;

/**
 * Decodes a recording with the decoders of this browser.
 *
 * @param bytes are moved to the decoder
 * @param container what the first bytes say it is
 * @throws UndertoneError `audio-too-long`, `audio-unreadable`
 */
export async function decodeSound(
  bytes: Uint8Array<ArrayBuffer>,
  container: string,
  maxSeconds: number,
): Promise<Sound> {
  // Before it is decoded, which nothing could stop: a small file may be hours long.
  const duration = await durationOf(bytes);
  const isUnknown = duration === 0 || duration === Number.POSITIVE_INFINITY;
  if (isUnknown && bytes.length > MAX_UNKNOWN) throw undecodable(container);
  if (!isUnknown && duration > maxSeconds) throw tooLong(maxSeconds);
  const context = new OfflineAudioContext(1, 1, RATE);
  try {
    const sound = await context.decodeAudioData(bytes.buffer);
    return {
      channels: Array.from({ length: sound.numberOfChannels }, (_, i) => sound.getChannelData(i)),
      sampleRate: sound.sampleRate,
    };
  } catch (cause) {
    throw undecodable(container, cause);
  }
}

/** Returns the seconds of a recording as its header tells; 0 if the browser does not find out. */
function durationOf(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const audio = new Audio();
  const url = URL.createObjectURL(new Blob([bytes]));
  return new Promise<number>((resolve) => {
    const timer = setTimeout(() => resolve(0), PATIENCE);
    audio.addEventListener('loadedmetadata', () => resolve(audio.duration));
    audio.addEventListener('error', () => resolve(0));
    audio.addEventListener('loadedmetadata', () => clearTimeout(timer));
    audio.preload = 'metadata';
    audio.src = url;
  }).finally(() => {
    audio.removeAttribute('src');
    URL.revokeObjectURL(url);
  });
}

function undecodable(container: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'audio-unreadable',
    `This browser cannot decode this ${container} file: it is damaged, or of a kind that only the server can decode. Use WAV, FLAC or Ogg Opus.`,
    { cause },
  );
}
