import { EMOTIONS } from '../../core/model/emotions.ts';
import { writeMelWindow } from '../../core/windows.ts';
import {
  addSteadyNoise,
  limitBands,
  type SpecAugmentOptions,
  specAugment,
} from '../augment/index.ts';
import { createRandom, type Random } from '../random.ts';
import { VOICE_CLASSES } from './architecture.ts';
import type { Spectrograms } from './spectrogram-store.ts';
import { STEPS_PER_UNIT } from './spectrogram-task.ts';

/** Clips of one kind that a batch takes a fixed number of. */
export interface BatchGroup {
  readonly spectrograms: Spectrograms;
  /** Clip numbers in `spectrograms`; one that comes twice is drawn twice as often. */
  readonly rows: Int32Array;
  /** Class probabilities that each clip of `spectrograms` is trained towards, clips × classes. */
  readonly targets: Float32Array;
  readonly isVoice: boolean;
  /**
   * Whether it has one emotion only, such as plain speech. Its windows take over the channel of windows
   * of the same emotion from other groups, or the network learns that an unknown microphone is neutral.
   */
  readonly isPlain: boolean;
  /** 1 for each class that occurs in the group, 0 for the others. */
  readonly classes: Uint8Array;
  readonly count: number;
}

export interface BatchShape {
  readonly rows: number;
  readonly bands: number;
  readonly classes: number;
  /** What a band of silence is, for each band. */
  readonly silence: Float32Array;
}

export interface BatchOptions {
  readonly seed: number;
  readonly labelSmoothing: number;
}

/**
 * In units of the spectrogram (a unit is 21.7 dB), in bands and rows. More of it, or mixup, and a network of
 * this size no longer fits what it is trained on: it knew 68% of RAVDESS then, and other corpora no better.
 */
const SPEC_AUGMENT: SpecAugmentOptions = {
  frequencyMasks: 2,
  frequencyMaskBands: 6,
  timeMasks: 2,
  timeMaskSteps: 8,
  fill: 0,
  bandShift: 3,
  level: 0.2,
  tilt: 0.6,
  curve: 0.25,
};
/** How often a clip is drawn as it was recorded; else one of its degraded renderings is. */
const CLEAN_SHARE = 0.6;
/** Largest change of the speaking rate. */
const RATE_RANGE = 0.1;
/** How often steady noise is laid under a window. */
const NOISE_SHARE = 0.3;
/** How often a window loses its outermost bands. */
const BAND_LIMIT_SHARE = 0.1;
const NEUTRAL = EMOTIONS.indexOf('neutral');
const CALM = EMOTIONS.indexOf('calm');
/** The buffers of a batch, windows first: rows × bands, classes, VOICE_CLASSES and classes of each. */
export type Batch = Readonly<Record<'x' | 'emotions' | 'voices' | 'absent', Float32Array>>;

/** Makes the probability of a class nothing when it is added to its logit. */
export const ABSENT = -30;

/**
 * Fills the batches of a fit. What batch i holds depends on the seed and on i alone, so that a
 * resumed fit goes on as if it had not stopped.
 */
export class BatchSampler {
  readonly size: number;
  readonly #groups: readonly BatchGroup[];
  readonly #shape: BatchShape;
  readonly #options: BatchOptions;
  /** The order of the group's rows in the epoch that was used last. */
  readonly #orders: { epoch: number; rows: Int32Array }[];

  constructor(groups: readonly BatchGroup[], shape: BatchShape, options: BatchOptions) {
    this.size = groups.reduce((sum, group) => sum + group.count, 0);
    this.#groups = groups;
    this.#shape = shape;
    this.#options = options;
    this.#orders = groups.map(() => ({ epoch: -1, rows: new Int32Array(0) }));
  }

  /**
   * Writes batch number `index`: windows into x, rows of class probabilities into `emotions`, and whether
   * somebody speaks into `voices`.
   *
   * Into `absent` it writes what is added to the logits: ABSENT for classes that do not occur where the
   * window comes from, else 0. So nothing is learned from a corpus about emotions that it does not have;
   * else the microphone would tell that a recording is not surprised, or calm.
   */
  fill(index: number, { x, emotions, voices, absent }: Batch): void {
    const random = createRandom(this.#options.seed, index);
    const { classes, rows, bands } = this.#shape;
    const { labelSmoothing } = this.#options;
    const targets = new Float32Array(this.size * classes);
    const windowOf = (i: number) => x.subarray(i * rows * bands, (i + 1) * rows * bands);
    const groupOf: BatchGroup[] = [];
    voices.fill(0);
    this.#groups.forEach((group, g) => {
      for (let k = 0; k < group.count; k++) {
        const clip = this.#draw(g, index * group.count + k);
        const i = groupOf.push(group) - 1;
        targets.set(group.targets.subarray(clip * classes, (clip + 1) * classes), i * classes);
        voices[i * VOICE_CLASSES + (group.isVoice ? 1 : 0)] = 1;
        this.#window(group.spectrograms, clip, windowOf(i), random);
      }
    });
    for (const i of groupOf.keys()) {
      if (!groupOf[i].isPlain) continue;
      const others = [...groupOf.keys()].filter(
        (j) => groupOf[j].isVoice && !groupOf[j].isPlain && isAlike(targets, i, j, classes),
      );
      if (others.length === 0) continue;
      takeChannel(windowOf(i), windowOf(others[random.integer(others.length)]), bands);
    }
    groupOf.forEach(({ classes: occurs }, i) => {
      const smoothing = labelSmoothing / occurs.filter(Boolean).length;
      occurs.forEach((isThere, k) => {
        const at = i * classes + k;
        emotions[at] = (1 - labelSmoothing) * targets[at] + isThere * smoothing;
        absent[at] = isThere ? 0 : ABSENT;
      });
    });
  }

  /** Returns the clip of the n-th draw from a group: every epoch goes through all rows once. */
  #draw(g: number, n: number): number {
    const { rows } = this.#groups[g];
    const epoch = Math.floor(n / rows.length);
    if (this.#orders[g].epoch !== epoch) {
      const random = createRandom(this.#options.seed, -1 - g - epoch * this.#groups.length);
      this.#orders[g] = { epoch, rows: random.shuffle(rows.slice()) };
    }
    return this.#orders[g].rows[n % rows.length];
  }

  /** Writes a random stretch of a random rendering of a clip, changed by SpecAugment. */
  #window(spectrograms: Spectrograms, clip: number, window: Float32Array, random: Random): void {
    const { rows, bands } = this.#shape;
    const { renderings } = spectrograms;
    const isClean = renderings === 1 || random.uniform() < CLEAN_SHARE;
    const rendering = isClean ? 0 : 1 + random.integer(renderings - 1);
    // A rendering of which only silence was left is empty; the first, clean one never is.
    const drawn = spectrogramOf(spectrograms, clip, rendering);
    const stored = drawn.length > 0 ? drawn : spectrogramOf(spectrograms, clip, 0);
    const rate = 1 + (2 * random.uniform() - 1) * RATE_RANGE;
    const mel = changeRate(stored, bands, rate);
    const length = mel.length / bands;
    const from = length > rows ? random.integer(length - rows + 1) : 0;
    writeMelWindow({ mel, bands, from, steps: Math.min(rows, length) }, rows, window);
    for (let i = 0; i < window.length; i++) window[i] /= STEPS_PER_UNIT;
    if (random.uniform() < NOISE_SHARE) addSteadyNoise(window, bands, random);
    if (random.uniform() < BAND_LIMIT_SHARE) limitBands(window, this.#shape.silence, random);
    specAugment({ data: window, offset: 0, steps: rows, bands }, SPEC_AUGMENT, random);
  }
}

/** Returns a spectrogram spoken `rate` times as fast, at the same pitch: rows are left out or doubled. */
function changeRate(mel: Int16Array, bands: number, rate: number): Int16Array {
  const rows = mel.length / bands;
  const changed = new Int16Array(Math.max(1, Math.round(rows / rate)) * bands);
  for (let at = 0; at < changed.length; at += bands) {
    const row = Math.min(rows - 1, Math.floor((at / bands) * rate));
    changed.set(mel.subarray(row * bands, (row + 1) * bands), at);
  }
  return changed;
}

/**
 * Whether two windows are alike in emotion. Calm and neutral are: most corpora do not tell them apart.
 */
function isAlike(targets: Float32Array, i: number, j: number, classes: number): boolean {
  let common = 0;
  for (let k = 0; k < classes; k++) common += targets[i * classes + k] * targets[j * classes + k];
  const quiet = (at: number) => targets[at * classes + NEUTRAL] + targets[at * classes + CALM];
  return common > 0.5 || (quiet(i) > 0.5 && quiet(j) > 0.5);
}

/**
 * Gives every band of a window the mean and the deviation that it has in another: the voice stays, the
 * microphone and the room are the other's (MixStyle, Zhou et al. 2021, over frequency and all the way).
 */
function takeChannel(window: Float32Array, other: Float32Array, bands: number): void {
  const own = bandStatistics(window, bands);
  const foreign = bandStatistics(other, bands);
  for (let i = 0; i < window.length; i++) {
    const band = i % bands;
    const steps = (window[i] - own.mean[band]) / own.deviation[band];
    window[i] = foreign.mean[band] + steps * foreign.deviation[band];
  }
}

function bandStatistics(window: Float32Array, bands: number) {
  const mean = new Float32Array(bands);
  const square = new Float32Array(bands);
  const rows = window.length / bands;
  for (let i = 0; i < window.length; i++) {
    mean[i % bands] += window[i] / rows;
    square[i % bands] += (window[i] * window[i]) / rows;
  }
  const deviation = square.map((s, band) => Math.sqrt(Math.max(s - mean[band] ** 2, 1e-3)));
  return { mean, deviation };
}

/** Returns one spectrogram, rows × bands in steps of 1 / STEPS_PER_UNIT, without copying it. */
export function spectrogramOf(
  { data, offsets, renderings }: Spectrograms,
  clip: number,
  rendering: number,
): Int16Array {
  const i = clip * renderings + rendering;
  return data.subarray(offsets[i], offsets[i + 1]);
}
