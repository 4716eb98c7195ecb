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

/**
 * Two channels cancel each other when their mean holds less than this share of the power of the stronger
 * one: a microphone with one leg inverted. Were they unrelated it would be half, and a quarter if one of
 * them were silent.
 */
const CANCELLED = 0.15;
/** The same for more channels: the share of the power that their mean would have, were they unrelated. */
const CANCELLED_OF_MANY = 0.3;

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
 * so memory is bounded by the limit, whatever the file claims or expands to. Channels are mixed with equal
 * weights, unless they cancel each other.
 *
 * @throws UndertoneError `audio-unreadable` for an impossible format or when there are no samples,
 * `audio-too-long`, `decode-timeout`
 */
export class MonoSink {
  readonly #limits: DecodeLimits;
  readonly #rate: number;
  readonly #channels: number;
  /** The mean of the channels; of two channels half their difference, and of more another sum. */
  readonly #mean: Track;
  readonly #other: Track | null;
  /** Sums of squares of the mean and of all channels. */
  #meanPower = 0;
  #power = 0;
  #frames = 0;
  /** What was added last, mixed: its memory is used again and again. */
  #mixture = new Float32Array(0);

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
    this.#channels = channels;
    this.#limits = limits;
    this.#mean = new Track(sampleRate);
    this.#other = channels > 1 ? new Track(sampleRate) : null;
  }

  /** Adds one array of samples at the source rate per channel. */
  push(channels: readonly Float32Array[], frames = channels[0].length): void {
    // Also where there is no sound at all, which takes time to find out.
    if (performance.now() > this.#limits.deadline) throw decodeTimeout();
    if (frames <= 0) return;
    this.#frames += frames;
    if (this.#frames > this.#limits.maxSeconds * this.#rate) throw tooLong(this.#limits.maxSeconds);
    if (channels.length === 1) {
      this.#mean.push(channels[0].subarray(0, frames));
      return;
    }
    if (this.#mixture.length < frames) this.#mixture = new Float32Array(frames);
    const mixture = this.#mixture.subarray(0, frames);
    mix(channels, () => 1 / channels.length, mixture);
    this.#mean.push(mixture);
    this.#meanPower += powerOf(mixture);
    for (const channel of channels) this.#power += powerOf(channel.subarray(0, frames));
    // By halves: the same sound does not cancel, whatever its signs in more than two channels.
    mix(channels, (c) => (channels.length === 2 ? 0.5 - c : 2 ** -(c + 1)), mixture);
    this.#other?.push(mixture);
  }

  /** Returns everything collected. */
  finish(): DecodedAudio {
    if (this.#frames === 0) {
      throw new UndertoneError(
        'audio-unreadable',
        'The file contains no audio: not one sample could be decoded. Record it again or export it as WAV.',
      );
    }
    return { samples: this.#mixed(), duration: this.#frames / this.#rate };
  }

  #mixed(): Float32Array {
    const mean = this.#mean.end();
    const other = this.#other?.end();
    if (!other || other.length < mean.length) return mean;
    if (this.#channels === 2) return withoutCancellation(mean, other);
    const unrelated = this.#power / this.#channels ** 2;
    return this.#meanPower < CANCELLED_OF_MANY * unrelated ? other : mean;
  }
}

/** Writes the sum of the channels into `out`, each times the weight of its index. */
function mix(
  channels: readonly Float32Array[],
  weightOf: (index: number) => number,
  out: Float32Array,
): void {
  out.fill(0);
  for (const [c, channel] of channels.entries()) {
    const weight = weightOf(c);
    for (let i = 0; i < out.length; i++) out[i] += channel[i] * weight;
  }
}

function powerOf(samples: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i] ** 2;
  return sum;
}

/** Samples that are resampled at a time: far fewer take longer, because the work is done in fours. */
const BLOCK = 16_384;

/** One signal, resampled to SAMPLE_RATE as it comes. */
class Track {
  readonly #resampler: Resampler;
  readonly #chunks: Float32Array[] = [];
  /** What came since the last block was full. */
  readonly #block = new Float32Array(BLOCK);
  #filled = 0;

  constructor(rate: number) {
    this.#resampler = new Resampler(rate, SAMPLE_RATE);
  }

  push(samples: Float32Array): void {
    for (let at = 0; at < samples.length; ) {
      const free = this.#block.subarray(this.#filled);
      const count = Math.min(free.length, samples.length - at);
      for (let i = 0; i < count; i++) free[i] = clean(samples[at + i]);
      at += count;
      this.#filled += count;
      if (this.#filled === BLOCK) this.#resample();
    }
  }

  #resample(): void {
    this.#chunks.push(this.#resampler.push(this.#block.subarray(0, this.#filled)));
    this.#filled = 0;
  }

  end(): Float32Array {
    this.#resample();
    this.#chunks.push(this.#resampler.end());
    return concat(this.#chunks);
  }
}

/** Broken float files contain NaN and infinity; one such sample would spoil every feature. */
function clean(value: number): number {
  if (!Number.isFinite(value)) return 0;
  return Math.abs(value) > MAX_AMPLITUDE ? Math.sign(value) * MAX_AMPLITUDE : value;
}

/** Returns the samples of all chunks, one after another. */
export function concat(chunks: readonly Float32Array[]): Float32Array {
  const samples = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    samples.set(chunk, offset);
    offset += chunk.length;
  }
  return samples;
}

/** Returns the mean of two channels, or the stronger one where they cancel each other. */
function withoutCancellation(mean: Float32Array, difference: Float32Array): Float32Array {
  const power = (sign: number) =>
    mean.reduce((sum, value, i) => sum + (value + sign * difference[i]) ** 2, 0);
  const [left, right] = [power(1), power(-1)];
  if (power(0) >= CANCELLED * Math.max(left, right)) return mean;
  const sign = left >= right ? 1 : -1;
  return mean.map((value, i) => value + sign * difference[i]);
}

/** Returns the `audio-unreadable` error for a damaged file of a container such as "WAV". */
export function damaged(container: string, why: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'audio-unreadable',
    `This ${container} file is damaged: ${why}. Record it again or export it again.`,
    { cause },
  );
}
