import { noiseRow } from '../../core/analyze.ts';
import { AUDIOSET_MEL } from '../../core/features/config.ts';
import type { Random } from '../random.ts';

/**
 * Half of the time noise is equally loud in all bands, between these values (−1.4 is silence), else it
 * is white, so many dB below the speech. Without white noise, the rounding of a soft recording to 16
 * bits costs 7 points.
 */
const EVEN_LEVEL = [-1.3, -0.3] as const;
const WHITE_LEVEL_DB = [-45, -8] as const;
/** Where a limit may lie, as a share of the bands: 2.5 to 7 kHz above, 100 to 350 Hz below. */
const HIGH_LIMIT = [0.6, 0.95] as const;
const LOW_LIMIT = [0.04, 0.15] as const;
/** A unit of the spectrogram in nepers of power. */
const NEPERS_PER_UNIT = AUDIOSET_MEL.scale;

/** Adds steady noise of a random level to a window of the spectrogram, rows × bands, in place. */
export function addSteadyNoise(window: Float32Array, bands: number, random: Random): void {
  const noise = random.integer(2)
    ? noiseRow(between(WHITE_LEVEL_DB, random))
    : new Float32Array(bands).fill(between(EVEN_LEVEL, random));
  for (let i = 0; i < window.length; i++) {
    const level = noise[i % bands];
    const difference = Math.abs(window[i] - level) * NEPERS_PER_UNIT;
    const louder = Math.max(window[i], level);
    window[i] =
      difference > 8 ? louder : louder + Math.log1p(Math.exp(-difference)) / NEPERS_PER_UNIT;
  }
}

/**
 * Leaves silence above a random band, as a telephone does, and half of the time below another one too,
 * in place.
 *
 * @param silence what silence is in each band
 */
export function limitBands(window: Float32Array, silence: Float32Array, random: Random): void {
  const bands = silence.length;
  const to = Math.round(bands * between(HIGH_LIMIT, random));
  const from = random.integer(2) ? Math.round(bands * between(LOW_LIMIT, random)) : 0;
  for (let i = 0; i < window.length; i++) {
    const band = i % bands;
    if (band < from || band >= to) window[i] = Math.min(window[i], silence[band]);
  }
}

function between([low, high]: readonly [number, number], random: Random): number {
  return low + (high - low) * random.uniform();
}
