import { UndertoneError } from '../errors.ts';
import { Resampler } from './resample.ts';

/** Sample rate in Hz of everything after decoding. */
export const SAMPLE_RATE = 16_000;

/** Rates in Hz that a recording may have. */
const MIN_RATE = 4_000;
const MAX_RATE = 384_000;
const MAX_CHANNELS = 64;

/** Full scale is 1; a float file may exceed it, but not so far that sums overflow. */
const MAX_AMPLITUDE = 65_536;

/** Mono float32 samples at SAMPLE_RATE, and how long the recording was in seconds. */
export interface DecodedAudio {
  readonly samples: Float32Array;
  readonly duration: number;
}

/** What decoding one recording may use. `deadline` is a time of `performance.now()`. */
export interface DecodeLimits {
  readonly maxSeconds: number;
  readonly deadline: number;
}

/**
 * Collects decoded audio chunk by chunk as mono samples at 16 kHz, and stops as soon as a limit is
 * passed, so that memory is bounded by the limit and not by what the file claims or expands to.
 *
 * @throws UndertoneError `audio-unreadable` for an impossible format or no samples at all,
 * `audio-too-long`, `decode-timeout`.
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
        `The file says that it has ${sampleRate} samples a second; accepted are ${MIN_RATE} to ${MAX_RATE}. Save it again as an ordinary WAV or Ogg file.`,
      );
    }
    if (!(channels >= 1 && channels <= MAX_CHANNELS)) {
      throw new UndertoneError(
        'audio-unreadable',
        `The file says that it has ${channels} channels; accepted are 1 to ${MAX_CHANNELS}. Save it again as mono or stereo.`,
      );
    }
    this.#rate = sampleRate;
    this.#limits = limits;
    this.#resampler = new Resampler(sampleRate, SAMPLE_RATE);
  }

  /** Takes mono samples at the source rate. The array is changed in place. */
  push(mono: Float32Array): void {
    this.#frames += mono.length;
    if (this.#frames > this.#limits.maxSeconds * this.#rate) throw tooLong(this.#limits.maxSeconds);
    checkDeadline(this.#limits);
    for (let i = 0; i < mono.length; i++) {
      const value = mono[i];
      // Broken float files hold NaN and infinity: one such sample would poison every feature.
      if (!Number.isFinite(value)) mono[i] = 0;
      else if (Math.abs(value) > MAX_AMPLITUDE) mono[i] = Math.sign(value) * MAX_AMPLITUDE;
    }
    this.#chunks.push(this.#resampler.push(mono));
  }

  /** Takes one array of samples per channel and mixes them with equal weights. */
  pushPlanar(channels: readonly Float32Array[], frames: number): void {
    if (frames <= 0) return;
    const mono = new Float32Array(frames);
    for (const channel of channels) {
      for (let i = 0; i < frames; i++) mono[i] += channel[i] / channels.length;
    }
    this.push(mono);
  }

  finish(): DecodedAudio {
    if (this.#frames === 0) {
      throw new UndertoneError(
        'audio-unreadable',
        'The file holds no sound: not one sample could be decoded. Record it again or export it as WAV.',
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

export function tooLong(maxSeconds: number): UndertoneError {
  return new UndertoneError(
    'audio-too-long',
    `The recording is longer than ${maxSeconds} seconds, the longest that is taken. Cut it and send the parts.`,
  );
}

export function checkDeadline({ deadline }: DecodeLimits): void {
  if (performance.now() > deadline) throw decodeTimeout();
}

export function decodeTimeout(cause?: unknown): UndertoneError {
  return new UndertoneError(
    'decode-timeout',
    'Decoding the recording took too long and was stopped. Export it as WAV or Ogg Opus, or send a shorter part.',
    { cause },
  );
}
