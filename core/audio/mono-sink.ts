import { UndertoneError } from '../errors.ts';
import { decodeTimeout, tooLong } from '../limits.ts';
import { Resampler } from './resample.ts';

/** Sample rate in Hz of decoded audio. */
export const SAMPLE_RATE = 16_000;

/** Sample rates in Hz that a recording may have. */
const MIN_RATE = 4_000;
const MAX_RATE = 384_000;
const MAX_CHANNELS = 64;

/** Full scale is 1. A float file may exceed it, but not so far that sums overflow. */
const MAX_AMPLITUDE = 65_536;

/** Mono float32 samples at SAMPLE_RATE, and the duration of the recording in seconds. */
export interface DecodedAudio {
  readonly samples: Float32Array;
  readonly duration: number;
}

/** Limits for decoding one recording. `deadline` is a `performance.now()` time. */
export interface DecodeLimits {
  readonly maxSeconds: number;
  readonly deadline: number;
}

/**
 * Collects decoded audio in chunks as mono samples at 16 kHz. It stops as soon as a limit is passed,
 * so memory is bounded by the limit, whatever the file claims or expands to.
 *
 * @throws UndertoneError `audio-unreadable` for an impossible format or when there are no samples,
 * `audio-too-long`, `decode-timeout`
 */
export class MonoSink {
  readonly #limits: DecodeLimits;
  readonly #rate: number;
  readonly #resampler: Resampler;
  readonly #chunks: Float32Array[] = [];
  #frames = 0;

  constructor(format: { sampleRate: number; channels: number }, limits: DecodeLimits) {
    const { sampleRate, channels } = format;
    if (!(sampleRate >= MIN_RATE && sampleRate <= MAX_RATE)) {
      throw new UndertoneError(
        'audio-unreadable',
        `The file claims a sample rate of ${sampleRate} Hz; ${MIN_RATE} to ${MAX_RATE} Hz are supported. Export it as an ordinary WAV or Ogg file.`,
      );
    }
    if (!(channels >= 1 && channels <= MAX_CHANNELS)) {
      throw new UndertoneError(
        'audio-unreadable',
        `The file claims ${channels} channels; 1 to ${MAX_CHANNELS} are supported. Export it as mono or stereo.`,
      );
    }
    this.#rate = sampleRate;
    this.#limits = limits;
    this.#resampler = new Resampler(sampleRate, SAMPLE_RATE);
  }

  /** Adds mono samples at the source rate. The array is modified in place. */
  push(mono: Float32Array): void {
    this.#frames += mono.length;
    if (this.#frames > this.#limits.maxSeconds * this.#rate) throw tooLong(this.#limits.maxSeconds);
    if (performance.now() > this.#limits.deadline) throw decodeTimeout();
    for (let i = 0; i < mono.length; i++) {
      const value = mono[i];
      // Broken float files contain NaN and infinity; one such sample would spoil every feature.
      if (!Number.isFinite(value)) mono[i] = 0;
      else if (Math.abs(value) > MAX_AMPLITUDE) mono[i] = Math.sign(value) * MAX_AMPLITUDE;
    }
    this.#chunks.push(this.#resampler.push(mono));
  }

  /** Adds one array of samples per channel, mixed with equal weights. */
  pushPlanar(channels: readonly Float32Array[], frames: number): void {
    if (frames <= 0) return;
    const mono = new Float32Array(frames);
    for (const channel of channels) {
      for (let i = 0; i < frames; i++) mono[i] += channel[i] / channels.length;
    }
    this.push(mono);
  }

  /** Returns everything collected. */
  finish(): DecodedAudio {
    if (this.#frames === 0) {
      throw new UndertoneError(
        'audio-unreadable',
        'The file contains no audio: not one sample could be decoded. Record it again or export it as WAV.',
      );
    }
    this.#chunks.push(this.#resampler.end());
    const samples = new Float32Array(this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let offset = 0;
    for (const chunk of this.#chunks) {
      samples.set(chunk, offset);
      offset += chunk.length;
    }
    return { samples, duration: this.#frames / this.#rate };
  }
}

/** Returns the `audio-unreadable` error for a damaged file of a container such as "WAV". */
export function damaged(container: string, why: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'audio-unreadable',
    `This ${container} file is damaged: ${why}. Record it again or export it again.`,
    { cause },
  );
}
