import * as z from 'zod';
import { analyze } from './analyze.ts';
import { voiceParts } from './audio/filters.ts';
import { SAMPLE_RATE } from './audio/mono-sink.ts';
import { Resampler } from './audio/resample.ts';
import { HOP } from './audio/speech.ts';
import { framesToMono } from './audio/wav.ts';
import { concatBytes } from './bytes.ts';
import { FEATURE_CONFIG } from './features/config.ts';
import { frameCount } from './features/frames.ts';
import { windowSizeOf } from './model/input.ts';
import type { Model } from './model/session.ts';
import { type Label, labelled, round, shares, verdictSchema } from './verdict.ts';
import { activeFrames, type FrameRange, intersection, MIN_ACTIVE_FRAMES } from './windows.ts';

/** Seconds of audio from one live verdict to the next. */
export const HOP_SECONDS = 0.5;
const HOP_SAMPLES = HOP_SECONDS * SAMPLE_RATE;
/** The first verdict waits for one second; less audio says too little. */
const FIRST_SAMPLES = SAMPLE_RATE;
/** Functionals need four seconds, and so does a reliable estimate of speech level and background. */
const CONTEXT_SAMPLES = FEATURE_CONFIG.functionalsWindow.frames * HOP;
/** Lowest level that is reported, in dBFS: digital silence. */
const LOWEST_LEVEL = -100;

const { emotion, confidence, probabilities, duration, summary } = verdictSchema.shape;
const seconds = z.number().min(0);

/**
 * The classification of the latest window of a stream.
 *
 * - `at`: seconds of audio received; `start`, `end`: the window, in seconds from the start of the
 *   stream.
 * - `emotion`, `confidence`, `probabilities`: as in the verdict on a recording.
 * - `level`: root mean square of the last half second in dBFS, −100 or above.
 */
export const liveVerdictSchema = z.strictObject({
  at: seconds,
  start: seconds,
  end: seconds,
  emotion,
  confidence,
  probabilities,
  level: z.number().min(LOWEST_LEVEL),
});

/** Sent at the end of a stream: its duration, the seconds of speech, and each label's share of those. */
export const liveSummarySchema = z.strictObject({
  duration,
  speech: seconds,
  summary,
});

export type LiveVerdict = z.infer<typeof liveVerdictSchema>;
export type LiveSummary = z.infer<typeof liveSummarySchema>;

export interface LiveListenerOptions {
  readonly model: Model;
  /**
   * Given the seconds of audio at which a verdict is due, returns whether to skip it because the
   * caller is falling behind. By default none is skipped.
   */
  readonly isLate?: (at: number) => boolean;
}

/**
 * Classifies a stream: after the first second and then every half second it returns a verdict on the
 * latest model window (2.56 s), and at the end a summary. It keeps four seconds of audio, however long
 * the stream is. How the stream is split into chunks makes no difference.
 *
 * @example
 * const listener = new LiveListener({ model: await defaultModel() });
 * for await (const chunk of microphone) show(await listener.push(chunk));
 * const { verdict, summary } = await listener.end();
 */
export class LiveListener {
  /** Length of the model window in seconds. */
  readonly window: number;
  readonly #model: Model;
  readonly #isLate: (at: number) => boolean;
  readonly #ring: SampleRing;
  /** Positions in samples from the start of the stream. */
  #received = 0;
  #nextAt = FIRST_SAMPLES;
  #classifiedUntil = 0;
  #countedUntil = 0;
  /** Samples of speech for each label. */
  readonly #speech = new Map<Label, number>();

  constructor({ model, isLate = () => false }: LiveListenerOptions) {
    this.#model = model;
    this.#isLate = isLate;
    const { frames } = windowSizeOf(model.card.inputs.map(({ kind }) => kind));
    this.window = (frames * HOP) / SAMPLE_RATE;
    this.#ring = new SampleRing(Math.max(CONTEXT_SAMPLES, frames * HOP));
  }

  /**
   * Adds samples, mono at 16 kHz, and returns the verdicts that became due. Await it before the next
   * push, so that a fast source cannot run ahead.
   */
  async push(samples: Float32Array): Promise<LiveVerdict[]> {
    const verdicts: LiveVerdict[] = [];
    for (let from = 0; from < samples.length; ) {
      const to = Math.min(samples.length, from + this.#nextAt - this.#received);
      this.#ring.push(samples.subarray(from, to));
      this.#received += to - from;
      from = to;
      if (this.#received < this.#nextAt) continue;
      this.#nextAt += HOP_SAMPLES;
      if (!this.#isLate(this.#received / SAMPLE_RATE)) verdicts.push(await this.#classify());
    }
    return verdicts;
  }

  /** Returns the summary, and a last verdict if there is audio since the previous one. */
  async end(): Promise<{ verdict: LiveVerdict | null; summary: LiveSummary }> {
    const verdict = this.#received > this.#classifiedUntil ? await this.#classify() : null;
    const samples = [...this.#speech.values()].reduce((a, b) => a + b, 0);
    const summary = {
      duration: round(this.#received / SAMPLE_RATE, 3),
      speech: round(samples / SAMPLE_RATE, 3),
      summary: shares([...this.#speech]),
    };
    return { verdict, summary };
  }

  async #classify(): Promise<LiveVerdict> {
    const at = this.#received;
    const start = Math.max(0, at - this.window * SAMPLE_RATE);
    const samples = this.#ring.last(at);
    const level = levelOf(samples.subarray(-HOP_SAMPLES));
    // Windows overlap: audio counts once, for the first window that classifies it as speech.
    const newest = at - Math.max(start, this.#countedUntil);
    const { speech, ...label } = await classifyWindow(samples, newest, this.#model);
    if (label.emotion !== 'no-speech') {
      this.#speech.set(label.emotion, (this.#speech.get(label.emotion) ?? 0) + speech);
      this.#countedUntil = at;
    }
    this.#classifiedUntil = at;
    const secondsOf = (position: number) => round(position / SAMPLE_RATE, 3);
    return { at: secondsOf(at), start: secondsOf(start), end: secondsOf(at), ...label, level };
  }
}

/** The samples of a live source: mono, signed 16-bit, little-endian. */
const PCM = { channels: 1, encoding: 'int16', littleEndian: true } as const;
const SAMPLE_BYTES = 2;

/**
 * Converts 16-bit little-endian mono PCM of any sample rate to the samples that LiveListener takes.
 * A chunk may end in the middle of a sample.
 *
 * @example
 * const pcm = new PcmStream(48_000);
 * for await (const chunk of source) await listener.push(pcm.push(chunk));
 * await listener.push(pcm.end());
 */
export class PcmStream {
  readonly #resampler: Resampler;
  #rest = new Uint8Array();

  /** @param sampleRate of the source, in Hz */
  constructor(sampleRate: number) {
    this.#resampler = new Resampler(sampleRate, SAMPLE_RATE);
  }

  /** Adds bytes and returns the samples that they complete. */
  push(chunk: Uint8Array): Float32Array {
    const bytes = concatBytes([this.#rest, chunk]);
    const whole = bytes.length - (bytes.length % SAMPLE_BYTES);
    this.#rest = bytes.subarray(whole);
    return this.#resampler.push(framesToMono(bytes.subarray(0, whole), PCM));
  }

  /** Returns the last samples. */
  end(): Float32Array {
    return this.#resampler.end();
  }
}

/** The label of a window, and how many of its newest samples are speech. */
type WindowLabel = Pick<LiveVerdict, 'emotion' | 'confidence' | 'probabilities'> & {
  readonly speech: number;
};

const NO_SPEECH: WindowLabel = {
  emotion: 'no-speech',
  confidence: 0,
  probabilities: null,
  speech: 0,
};

/**
 * Classifies the last window of some audio as `classify` does a window of a recording. The audio
 * before it is context for the level of the speaker and of the background; whether somebody is
 * speaking is decided from the window alone.
 *
 * @param samples mono at 16 kHz; if shorter than a window, all of it is the window
 * @param newest how many of the last samples `speech` counts
 */
async function classifyWindow(
  samples: Float32Array,
  newest: number,
  model: Model,
): Promise<WindowLabel> {
  const sound = analyze(samples);
  if (!sound) return NO_SPEECH;
  const kinds = model.card.inputs.map(({ kind }) => kind);
  const { frames } = windowSizeOf(kinds);
  const firstFrame = Math.round((sound.span.start * SAMPLE_RATE) / HOP);
  const lastOf = (count: number): FrameRange => {
    const end = frameCount(samples.length, HOP) - firstFrame;
    return intersection({ from: end - count, to: end }, { from: 0, to: sound.frames });
  };
  const window = lastOf(frames);
  if (activeFrames(sound.active, window) < MIN_ACTIVE_FRAMES) return NO_SPEECH;
  const [{ probabilities, isVoice }] = await model.predict(sound, [window]);
  if (!isVoice) return NO_SPEECH;
  const speech = activeFrames(sound.active, lastOf(Math.ceil(newest / HOP))) * HOP;
  return { ...labelled(probabilities, model.card.threshold), speech };
}

/** Root mean square in dBFS, without rumble and the DC offset of cheap microphones. */
function levelOf(samples: Float32Array): number {
  const power = voiceParts(samples).clean.reduce((sum, sample) => sum + sample * sample, 0);
  const decibels = 10 * Math.log10(power / samples.length + Number.MIN_VALUE);
  return round(Math.max(LOWEST_LEVEL, decibels), 1);
}

/** A ring buffer that keeps the last samples of a stream, however long it is. */
export class SampleRing {
  readonly #samples: Float32Array;
  /** Index of the next sample, and how many there are, up to the capacity. */
  #at = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#samples = new Float32Array(capacity);
  }

  push(samples: Float32Array): void {
    const capacity = this.#samples.length;
    const kept = samples.subarray(Math.max(0, samples.length - capacity));
    const first = Math.min(kept.length, capacity - this.#at);
    this.#samples.set(kept.subarray(0, first), this.#at);
    this.#samples.set(kept.subarray(first), 0);
    this.#at = (this.#at + kept.length) % capacity;
    this.#length = Math.min(capacity, this.#length + kept.length);
  }

  /** Returns a copy of the last `count` samples, or of all if there are fewer. */
  last(count: number): Float32Array {
    const capacity = this.#samples.length;
    const length = Math.min(count, this.#length);
    const out = new Float32Array(length);
    const from = (this.#at - length + capacity) % capacity;
    const first = Math.min(length, capacity - from);
    out.set(this.#samples.subarray(from, from + first));
    out.set(this.#samples.subarray(0, length - first), first);
    return out;
  }
}
