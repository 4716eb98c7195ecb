import { UndertoneError } from '../errors.ts';
import { DECODE_TIMEOUT_MS, MAX_BYTES, MAX_SECONDS, tooLarge, tooLong } from '../limits.ts';
import { decodeFlac } from './flac.ts';
import { concat, type DecodedAudio, type DecodeLimits, SAMPLE_RATE } from './mono-sink.ts';
import { decodeMp3 } from './mp3.ts';
import { decodeOggOpus, mixedLinks } from './ogg.ts';
import { wavFiles } from './riff.ts';
import { type Container, sniff } from './sniff.ts';
import { decodeWav } from './wav.ts';
import { decodeWebmOpus } from './webm.ts';

export { type DecodedAudio, type DecodeLimits, SAMPLE_RATE };

/**
 * Decodes what is not decoded in process. Node has ffmpeg for that, a browser its own decoders.
 *
 * @param container what the first bytes say it is
 */
export type FallbackDecoder = (
  bytes: Uint8Array,
  container: Pick<Container, 'name' | 'demuxer'>,
  limits: DecodeLimits,
) => Promise<DecodedAudio>;

/** Limits for one recording; the defaults are those of core/limits.ts. */
export interface DecodeOptions {
  readonly maxBytes?: number;
  readonly maxSeconds?: number;
  readonly timeoutMs?: number;
  /** Decodes what is not decoded in process; in Node, ffmpeg by default. */
  readonly fallback?: FallbackDecoder;
}

/**
 * Decodes a recording to mono float32 samples at 16 kHz, full scale at ±1. The first bytes determine
 * the container. WAV, FLAC, MP3, and Opus in Ogg or WebM are decoded in process, the rest by the
 * fallback.
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
  const { maxBytes = MAX_BYTES, maxSeconds = MAX_SECONDS, fallback = noFallback } = options;
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  const container = sniff(bytes);
  const limits: DecodeLimits = {
    maxSeconds,
    deadline: performance.now() + (options.timeoutMs ?? DECODE_TIMEOUT_MS),
  };
  return decodeContainer(bytes.subarray(container.start), container, limits, fallback);
}

async function decodeContainer(
  bytes: Uint8Array,
  container: Container,
  limits: DecodeLimits,
  fallback: FallbackDecoder,
): Promise<DecodedAudio> {
  const decodeElsewhere = () => fallback(bytes, container, limits);
  if (container.name === 'flac') return decodeFlac(bytes, limits, decodeElsewhere);
  const files = container.name === 'wav' ? wavFiles(bytes) : [];
  const decoded = files.length > 1 ? null : await decodeInProcess(bytes, container, limits);
  if (decoded) return decoded;
  const links = container.name === 'ogg' ? mixedLinks(bytes) : files;
  if (links.length < 2) return decodeElsewhere();
  const parts: DecodedAudio[] = [];
  let duration = 0;
  let failure: unknown;
  for (const link of links) {
    try {
      const part = await decodeContainer(link, container, limits, fallback);
      parts.push(part);
      duration += part.duration;
    } catch (error) {
      // What is damaged does not take the others away.
      if (!(error instanceof UndertoneError) || error.code !== 'audio-unreadable') throw error;
      failure ??= error;
    }
    if (duration > limits.maxSeconds) throw tooLong(limits.maxSeconds);
  }
  if (parts.length === 0) throw failure;
  return { samples: concat(parts.map(({ samples }) => samples)), duration };
}

async function decodeInProcess(
  bytes: Uint8Array,
  { name }: Container,
  limits: DecodeLimits,
): Promise<DecodedAudio | null> {
  if (name === 'wav') return decodeWav(bytes, limits);
  if (name === 'ogg') return decodeOggOpus(bytes, limits);
  if (name === 'webm') return decodeWebmOpus(bytes, limits);
  if (name === 'mp3') return decodeMp3(bytes, limits);
  return null;
}

async function noFallback(_: Uint8Array, { name }: { readonly name: string }): Promise<never> {
  throw new UndertoneError(
    'decoder-missing',
    `Nothing here can decode ${name}. Export the recording as WAV, FLAC, MP3 or Ogg Opus.`,
  );
}
