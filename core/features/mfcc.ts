import { dot } from './dot.ts';

/**
 * Orthonormal DCT-II of log-mel energies: mel-frequency cepstral coefficients
 * (Davis & Mermelstein 1980; `librosa.feature.mfcc`).
 *
 * @example
 * const mfcc = new Mfcc({ bands: 128, coefficients: 40 });
 * mfcc.compute(logMel, out); // out.length === 40
 */
export class Mfcc {
  readonly coefficients: number;
  readonly #half: number;
  readonly #basis: Float64Array;
  readonly #sums: Float64Array;
  readonly #differences: Float64Array;

  /** @param options `bands` (even) log-mel energies in, `coefficients` out */
  constructor({ bands, coefficients }: { bands: number; coefficients: number }) {
    this.coefficients = coefficients;
    const half = bands / 2;
    if (!Number.isInteger(half))
      throw new RangeError(`${bands} mel bands: the number must be even`);
    this.#half = half;
    this.#sums = new Float64Array(half);
    this.#differences = new Float64Array(half);
    this.#basis = new Float64Array(coefficients * half);
    for (let k = 0; k < coefficients; k++) {
      const scale = Math.sqrt((k === 0 ? 1 : 2) / bands);
      for (let n = 0; n < half; n++) {
        this.#basis[k * half + n] = scale * Math.cos((Math.PI * k * (n + 0.5)) / bands);
      }
    }
  }

  /** Writes the coefficients of one frame's log-mel energies into `out` from `offset` on. */
  compute(logMel: Float64Array | Float32Array, out: Float64Array | Float32Array, offset = 0): void {
    const half = this.#half;
    // Even basis functions are symmetric about the middle, odd ones antisymmetric: half the work.
    for (let n = 0; n < half; n++) {
      const mirrored = logMel[2 * half - 1 - n];
      this.#sums[n] = logMel[n] + mirrored;
      this.#differences[n] = logMel[n] - mirrored;
    }
    for (let k = 0; k < this.coefficients; k++) {
      const folded = k % 2 === 0 ? this.#sums : this.#differences;
      out[offset + k] = dot(this.#basis, k * half, folded, 0, half);
    }
  }
}
