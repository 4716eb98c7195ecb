import { powerToDb } from './decibel.ts';
import { dot } from './dot.ts';

export interface MelConfig {
  readonly sampleRate: number;
  readonly nFft: number;
  readonly bands: number;
  /** Lowest and highest frequency in Hz. */
  readonly fmin: number;
  readonly fmax: number;
}

/** The Slaney mel scale: linear below 1 kHz (200/3 Hz a mel), logarithmic above. */
const HZ_PER_MEL = 200 / 3;
const BREAK_HZ = 1000;
const BREAK_MEL = BREAK_HZ / HZ_PER_MEL;
const LOG_STEP = Math.log(6.4) / 27;

export function hzToMel(hz: number): number {
  return hz < BREAK_HZ ? hz / HZ_PER_MEL : BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP;
}

export function melToHz(mel: number): number {
  return mel < BREAK_MEL ? mel * HZ_PER_MEL : BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL));
}

/**
 * Returns triangular mel filters of equal area (Slaney 1998), each as its weight at a frequency in Hz.
 *
 * @example
 * const [lowest] = melFilters({ bands: 32, fmin: 60, fmax: 3800 });
 * lowest(60); // 0
 */
export function melFilters({
  bands,
  fmin,
  fmax,
}: Pick<MelConfig, 'bands' | 'fmin' | 'fmax'>): ((hz: number) => number)[] {
  const low = hzToMel(fmin);
  const step = (hzToMel(fmax) - low) / (bands + 1);
  const edges = Array.from({ length: bands + 2 }, (_, i) => melToHz(low + i * step));
  return edges.slice(0, bands).map((left, band) => {
    const [centre, right] = edges.slice(band + 1, band + 3);
    const area = 2 / (right - left);
    return (hz) => {
      const rise = (hz - left) / (centre - left);
      const fall = (right - hz) / (right - centre);
      return area * Math.max(0, Math.min(rise, fall));
    };
  });
}

/**
 * Triangular mel filters of equal area (Slaney 1998; `librosa.filters.mel` with its defaults), kept
 * sparse: a filter touches only a few bins.
 *
 * @example
 * const bank = new MelFilterBank({ sampleRate: 16000, nFft: 512, bands: 64, fmin: 50, fmax: 7600 });
 * bank.apply(power, energies); // energies.length === 64
 */
export class MelFilterBank {
  readonly bands: number;
  readonly #first: Int32Array;
  readonly #weights: readonly Float64Array[];

  constructor({ sampleRate, nFft, ...config }: MelConfig) {
    this.bands = config.bands;
    this.#first = new Int32Array(this.bands);
    this.#weights = melFilters(config).map((filter, band) => {
      const dense = Array.from({ length: nFft / 2 + 1 }, (_, bin) =>
        filter((bin * sampleRate) / nFft),
      );
      const first = Math.max(
        0,
        dense.findIndex((weight) => weight > 0),
      );
      const last = dense.findLastIndex((weight) => weight > 0);
      this.#first[band] = first;
      return Float64Array.from(dense.slice(first, last + 1));
    });
  }

  /** Writes the energy of every band into `energies`. */
  apply(power: Float64Array, energies: Float64Array): void {
    for (let band = 0; band < this.bands; band++) {
      const weights = this.#weights[band];
      energies[band] = dot(weights, 0, power, this.#first[band], weights.length);
    }
  }
}

/** Log-mel energies of one power spectrum, in dB relative to 1. */
export class LogMel {
  readonly bands: number;
  readonly #bank: MelFilterBank;
  readonly #energies: Float64Array;

  constructor(config: MelConfig) {
    this.bands = config.bands;
    this.#bank = new MelFilterBank(config);
    this.#energies = new Float64Array(config.bands);
  }

  /** Writes the band energies in dB into `out`, starting at `offset`. */
  compute(power: Float64Array, out: Float64Array | Float32Array, offset = 0): void {
    this.#bank.apply(power, this.#energies);
    for (let band = 0; band < this.bands; band++) {
      out[offset + band] = powerToDb(this.#energies[band]);
    }
  }
}
