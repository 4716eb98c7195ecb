import type { Random } from '../random.ts';

/** What one sample may suffer. Values are in the unit of the log-mel window (decibels, nepers …). */
export interface SpecAugmentOptions {
  readonly frequencyMasks: number;
  /** Widest frequency mask in bands. */
  readonly frequencyMaskBands: number;
  readonly timeMasks: number;
  /** Widest time mask in steps. */
  readonly timeMaskSteps: number;
  /** Masked cells get this value; the mean of the training data is usual. */
  readonly fill: number;
  /** Largest shift up or down in bands; the band at the edge fills what becomes free. */
  readonly bandShift: number;
  /** Largest offset added to every cell, up or down. */
  readonly level: number;
  /** Largest difference between highest and lowest band that a linear tilt adds, up or down. */
  readonly tilt: number;
  /** Largest swing of the smooth curve over the bands that is added, up or down. */
  readonly curve: number;
}

/** A stretch of a batch buffer that holds one log-mel window, `steps` rows of `bands` values. */
export interface LogMelWindow {
  readonly data: Float32Array;
  /** Index of the first value. */
  readonly offset: number;
  readonly steps: number;
  readonly bands: number;
}

/**
 * Changes one log-mel window in place: shifts the bands, colours them as a microphone
 * does, then masks bands and steps (SpecAugment, Park et al. 2019; widths are drawn evenly from 0 to the widest). Allocates
 * nothing: it runs for every sample of every training step.
 *
 * @example
 * specAugment({ data: batch, offset: i * 128 * 64, steps: 128, bands: 64 }, options, random);
 */
export function specAugment(
  window: LogMelWindow,
  options: SpecAugmentOptions,
  random: Random,
): void {
  const { data, offset, steps, bands } = window;
  const shift = random.integer(2 * options.bandShift + 1) - options.bandShift;
  const level = (2 * random.uniform() - 1) * options.level;
  const tilt = (2 * random.uniform() - 1) * options.tilt;
  if (shift !== 0) shiftBands(window, shift);
  const curve = (2 * random.uniform() - 1) * options.curve;
  const phase = random.uniform();
  if (level !== 0 || tilt !== 0 || curve !== 0) colour(window, { level, tilt, curve, phase });
  for (let mask = 0; mask < options.frequencyMasks; mask++) {
    const width = random.integer(Math.min(options.frequencyMaskBands, bands) + 1);
    const first = offset + random.integer(bands - width + 1);
    for (let t = 0; t < steps; t++) {
      const from = first + t * bands;
      data.fill(options.fill, from, from + width);
    }
  }
  for (let mask = 0; mask < options.timeMasks; mask++) {
    const width = random.integer(Math.min(options.timeMaskSteps, steps) + 1);
    const from = offset + random.integer(steps - width + 1) * bands;
    data.fill(options.fill, from, from + width * bands);
  }
}

/** Moves every value `shift` bands up (or down when negative). */
function shiftBands({ data, offset, steps, bands }: LogMelWindow, shift: number): void {
  const distance = Math.min(Math.abs(shift), bands - 1);
  for (let t = 0; t < steps; t++) {
    const from = offset + t * bands;
    const to = from + bands;
    if (shift > 0) {
      data.copyWithin(from + distance, from, to - distance);
      data.fill(data[from], from, from + distance);
    } else {
      data.copyWithin(from, from + distance, to);
      data.fill(data[to - 1], to - distance, to);
    }
  }
}

/** Adds the response of a microphone: a level, a slope, and one and a half waves from end to end. */
function colour(
  { data, offset, steps, bands }: LogMelWindow,
  { level, tilt, curve, phase }: Record<'level' | 'tilt' | 'curve' | 'phase', number>,
): void {
  const response = Float64Array.from({ length: bands }, (_, band) => {
    const place = bands > 1 ? band / (bands - 1) : 0.5;
    return level + tilt * (place - 0.5) + curve * Math.sin(2 * Math.PI * (1.5 * place + phase));
  });
  for (let t = 0; t < steps; t++) {
    const from = offset + t * bands;
    for (let band = 0; band < bands; band++) data[from + band] += response[band];
  }
}
