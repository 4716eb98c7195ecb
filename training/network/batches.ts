import { writeLogMelWindow } from '../../core/features/log-mel-window.ts';
import { type SpecAugmentOptions, specAugment } from '../augment/index.ts';
import { sampleBeta } from '../optim/soft-targets.ts';
import { createRandom, type Random } from '../random.ts';
import type { NetworkShape } from './architecture.ts';
import type { Spectrograms } from './spectrogram-store.ts';
import { STEPS_PER_DB } from './spectrogram-task.ts';

/** Mean and deviation of every band in dB: what a network subtracts and divides by. */
export interface BandScaling {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Clips of one kind that a batch takes a fixed number of. */
export interface BatchGroup {
  readonly spectrograms: Spectrograms;
  /** Clip numbers in `spectrograms`; one that comes twice is drawn twice as often. */
  readonly rows: Int32Array;
  /** Class of each clip of `spectrograms`. */
  readonly labels: Int32Array;
  /** Renderings that are drawn from; all by default. */
  readonly count: number;
}

export interface BatchOptions {
  readonly labelSmoothing: number;
  /** Parameter of the Beta distribution of mixup; 0 mixes nothing. */
  readonly mixup: number;
}

/** Largest shift of a window up or down, in bands: voices are higher or lower. */
export const BAND_SHIFT = 2;

/** In deviations of a band where a value is meant (about 12 dB), in bands and steps elsewhere. */
const SPEC_AUGMENT: SpecAugmentOptions = {
  frequencyMasks: 2,
  frequencyMaskBands: 8,
  timeMasks: 2,
  timeMaskSteps: 13,
  fill: 0,
  bandShift: BAND_SHIFT,
  level: 0.3,
  tilt: 0.5,
};

/** How often a clip is drawn as it was recorded; else one of its degraded renderings is. */
const CLEAN_SHARE = 0.4;
/** Largest change of the speaking rate. */
const RATE_RANGE = 0.12;

/**
 * Fills the batches of a fit. What batch i holds depends on the seed and on i alone, so that a
 * resumed fit goes on as if it had not stopped.
 */
export class BatchSampler {
  readonly size: number;
  readonly #groups: readonly BatchGroup[];
  readonly #shape: NetworkShape;
  readonly #scaling: BandScaling;
  readonly #options: BatchOptions;
  readonly #seed: number;
  /** The order of the group's rows in the epoch that was used last. */
  readonly #orders: { epoch: number; rows: Int32Array }[];
  readonly #windows: Float32Array;

  constructor(
    groups: readonly BatchGroup[],
    scaling: BandScaling,
    shape: NetworkShape,
    { seed, ...options }: BatchOptions & { readonly seed: number },
  ) {
    this.size = groups.reduce((sum, group) => sum + group.count, 0);
    this.#groups = groups;
    this.#shape = shape;
    this.#scaling = scaling;
    this.#options = options;
    this.#seed = seed;
    this.#orders = groups.map(() => ({ epoch: -1, rows: new Int32Array(0) }));
    this.#windows = new Float32Array(this.size * shape.steps * shape.bands);
  }

  /**
   * Writes batch number `index`: windows into x, rows of class probabilities into `targets`, both
   * mixed with another clip of the batch by a weight from Beta(mixup, mixup).
   */
  fill(index: number, x: Float32Array, targets: Float32Array): void {
    const random = createRandom(this.#seed, index);
    const { classes, steps, bands } = this.#shape;
    const labels = new Int32Array(this.size);
    let position = 0;
    this.#groups.forEach((group, g) => {
      for (let k = 0; k < group.count; k++, position++) {
        const clip = this.#draw(g, index * group.count + k);
        labels[position] = group.labels[clip];
        this.#window(group.spectrograms, clip, position, random);
      }
    });
    const partners = random.shuffle(Int32Array.from({ length: this.size }, (_, i) => i));
    const { mixup, labelSmoothing } = this.#options;
    const area = steps * bands;
    targets.fill(labelSmoothing / classes);
    for (let i = 0; i < this.size; i++) {
      const weight = mixup > 0 ? sampleBeta(mixup, random) : 1;
      const a = this.#windows.subarray(i * area, (i + 1) * area);
      const b = this.#windows.subarray(partners[i] * area, (partners[i] + 1) * area);
      const out = x.subarray(i * area, (i + 1) * area);
      for (let j = 0; j < area; j++) out[j] = weight * a[j] + (1 - weight) * b[j];
      targets[i * classes + labels[i]] += (1 - labelSmoothing) * weight;
      targets[i * classes + labels[partners[i]]] += (1 - labelSmoothing) * (1 - weight);
    }
  }

  /** Returns the clip of the n-th draw from a group: every epoch goes through all rows once. */
  #draw(g: number, n: number): number {
    const { rows } = this.#groups[g];
    const epoch = Math.floor(n / rows.length);
    if (this.#orders[g].epoch !== epoch) {
      const random = createRandom(this.#seed, -1 - g - epoch * this.#groups.length);
      this.#orders[g] = { epoch, rows: random.shuffle(rows.slice()) };
    }
    return this.#orders[g].rows[n % rows.length];
  }

  /** Writes a random stretch of a random rendering of a clip, changed by SpecAugment. */
  #window(spectrograms: Spectrograms, clip: number, position: number, random: Random): void {
    const { steps, bands } = this.#shape;
    const { renderings } = spectrograms;
    const isClean = renderings === 1 || random.uniform() < CLEAN_SHARE;
    const rendering = isClean ? 0 : 1 + random.integer(renderings - 1);
    // A rendering in which nothing could be heard is empty; the first, clean one never is.
    const drawn = spectrogramOf(spectrograms, clip, rendering);
    const stored = drawn.length > 0 ? drawn : spectrogramOf(spectrograms, clip, 0);
    const rate = 1 + (2 * random.uniform() - 1) * RATE_RANGE;
    const logMel = changeRate(stored, bands, rate);
    const frames = logMel.length / bands;
    const from = frames > steps ? random.integer(frames - steps + 1) : 0;
    const area = steps * bands;
    const excerpt = { logMel, bands, from, steps: Math.min(steps, frames) };
    writeLogMelWindow(excerpt, steps, this.#windows, position * area);
    scaleWindow(this.#windows.subarray(position * area, (position + 1) * area), this.#scaling);
    const window = { data: this.#windows, offset: position * area, steps, bands };
    specAugment(window, SPEC_AUGMENT, random);
  }
}

/** Returns a spectrogram spoken `rate` times as fast, at the same pitch: steps are left out or doubled. */
function changeRate(logMel: Int16Array, bands: number, rate: number): Int16Array {
  const frames = logMel.length / bands;
  const changed = new Int16Array(Math.max(1, Math.round(frames / rate)) * bands);
  for (let at = 0; at < changed.length; at += bands) {
    const step = Math.min(frames - 1, Math.floor((at / bands) * rate));
    changed.set(logMel.subarray(step * bands, (step + 1) * bands), at);
  }
  return changed;
}

/** Returns one spectrogram, frames × bands in steps of 1 / STEPS_PER_DB dB, without copying it. */
export function spectrogramOf(
  { data, offsets, renderings }: Spectrograms,
  clip: number,
  rendering: number,
): Int16Array {
  const i = clip * renderings + rendering;
  return data.subarray(offsets[i], offsets[i + 1]);
}

/** Turns stored values into deviations from the mean of their band, in place. */
export function scaleWindow(window: Float32Array, { mean, deviation }: BandScaling): void {
  const bands = mean.length;
  for (let i = 0; i < window.length; i++) {
    const band = i % bands;
    window[i] = (window[i] / STEPS_PER_DB - mean[band]) / deviation[band];
  }
}

/** Returns mean and deviation of every band over all renderings of the groups' clips. */
export function fitBandScaling(groups: readonly BatchGroup[], bands: number): BandScaling {
  const sum = new Float64Array(bands);
  const squares = new Float64Array(bands);
  let frames = 0;
  for (const { spectrograms, rows } of groups) {
    for (const clip of new Set(rows)) {
      for (let r = 0; r < spectrograms.renderings; r++) {
        const logMel = spectrogramOf(spectrograms, clip, r);
        frames += logMel.length / bands;
        for (let i = 0; i < logMel.length; i++) {
          const value = logMel[i] / STEPS_PER_DB;
          sum[i % bands] += value;
          squares[i % bands] += value * value;
        }
      }
    }
  }
  const mean = Float32Array.from(sum, (s) => s / frames);
  const deviation = Float32Array.from(squares, (s, band) =>
    Math.sqrt(Math.max(s / frames - mean[band] ** 2, 1e-4)),
  );
  return { mean, deviation };
}
