import { SAMPLE_RATE } from '../audio/mono-sink.ts';
import { HOP, removeDc } from '../audio/speech.ts';
import { FEATURE_CONFIG } from '../features/config.ts';
import { shares } from '../label.ts';
import { windowSizeOf } from '../model/input.ts';
import type { Model } from '../model/session.ts';
import { round } from '../round.ts';
import type { Label } from '../verdict.ts';
import { hearWindow } from './hear-window.ts';
import { SampleRing } from './sample-ring.ts';
import { HOP_SECONDS, type LiveSummary, type LiveVerdict, LOWEST_LEVEL } from './verdict.ts';

const HOP_SAMPLES = HOP_SECONDS * SAMPLE_RATE;
/** Less than a second says too little for a first verdict. */
const FIRST_SAMPLES = SAMPLE_RATE;
/** Functionals look at four seconds, and level and background are clearer in these too. */
const CONTEXT_SAMPLES = FEATURE_CONFIG.functionalsWindow.frames * HOP;

export interface LiveListenerOptions {
  readonly model: Model;
  /**
   * Told the seconds of audio at which a verdict is due, says whether to leave it out since others wait
   * already. By default none is left out.
   */
  readonly isLate?: (at: number) => boolean;
}

/**
 * Listens to a stream: after the first second and then every half second one verdict about the last
 * window of the model (2.56 s), and at the end a summary. It keeps four seconds of sound, however
 * long the stream is. How the stream is cut into chunks makes no difference.
 *
 * @example
 * const listener = new LiveListener({ model: await defaultModel() });
 * for await (const chunk of microphone) show(await listener.push(chunk));
 * const { verdict, summary } = await listener.end();
 */
export class LiveListener {
  /** Seconds of a window. */
  readonly window: number;
  readonly #model: Model;
  readonly #isLate: (at: number) => boolean;
  readonly #ring: SampleRing;
  /** Positions in samples from the beginning. */
  #received = 0;
  #nextAt = FIRST_SAMPLES;
  #heardUntil = 0;
  #countedUntil = 0;
  /** Samples of speech of each label. */
  readonly #speech = new Map<Label, number>();

  constructor({ model, isLate = () => false }: LiveListenerOptions) {
    this.#model = model;
    this.#isLate = isLate;
    const { frames } = windowSizeOf(model.card.inputs.map(({ kind }) => kind));
    this.window = (frames * HOP) / SAMPLE_RATE;
    this.#ring = new SampleRing(Math.max(CONTEXT_SAMPLES, frames * HOP));
  }

  /**
   * Takes the next samples, mono at 16 kHz, and returns the verdicts that they complete. Wait for it
   * before the next push: this is what keeps a fast source from running ahead.
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
      if (!this.#isLate(this.#received / SAMPLE_RATE)) verdicts.push(await this.#hear());
    }
    return verdicts;
  }

  /** Returns a last verdict, about a stream that went on after the one before, and the summary. */
  async end(): Promise<{ verdict: LiveVerdict | null; summary: LiveSummary }> {
    const verdict = this.#received > this.#heardUntil ? await this.#hear() : null;
    const samples = [...this.#speech.values()].reduce((a, b) => a + b, 0);
    const summary = {
      duration: round(this.#received / SAMPLE_RATE, 3),
      speech: round(samples / SAMPLE_RATE, 3),
      summary: shares([...this.#speech]),
    };
    return { verdict, summary };
  }

  async #hear(): Promise<LiveVerdict> {
    const at = this.#received;
    const start = Math.max(0, at - this.window * SAMPLE_RATE);
    const samples = this.#ring.last(at);
    const level = levelOf(samples.subarray(-HOP_SAMPLES));
    // What is heard in a window counts once, with the first window in which it is speech.
    const newest = at - Math.max(start, this.#countedUntil);
    const { speech, ...said } = await hearWindow(samples, newest, this.#model);
    if (said.emotion !== 'no-speech') {
      this.#speech.set(said.emotion, (this.#speech.get(said.emotion) ?? 0) + speech);
      this.#countedUntil = at;
    }
    this.#heardUntil = at;
    const seconds = (position: number) => round(position / SAMPLE_RATE, 3);
    return { at: seconds(at), start: seconds(start), end: seconds(at), ...said, level };
  }
}

/** Root mean square in dBFS, without the DC that cheap microphones add. */
function levelOf(samples: Float32Array): number {
  const power = removeDc(samples).reduce((sum, sample) => sum + sample * sample, 0);
  const decibels = 10 * Math.log10(power / samples.length + Number.MIN_VALUE);
  return round(Math.max(LOWEST_LEVEL, decibels), 1);
}
