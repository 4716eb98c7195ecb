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
  readonly #bands: number;
  readonly #basis: Float64Array;

  constructor({ bands, coefficients }: { bands: number; coefficients: number }) {
    this.coefficients = coefficients;
    this.#bands = bands;
    this.#basis = new Float64Array(coefficients * bands);
    for (let k = 0; k < coefficients; k++) {
      const scale = Math.sqrt((k === 0 ? 1 : 2) / bands);
      for (let n = 0; n < bands; n++) {
        this.#basis[k * bands + n] = scale * Math.cos((Math.PI * k * (n + 0.5)) / bands);
      }
    }
  }

  /** Writes the coefficients of one frame's log-mel energies into `out` from `offset` on. */
  compute(logMel: ArrayLike<number>, out: Float64Array | Float32Array, offset = 0): void {
    const bands = this.#bands;
    for (let k = 0; k < this.coefficients; k++) {
      let sum = 0;
      for (let n = 0; n < bands; n++) sum += this.#basis[k * bands + n] * logMel[n];
      out[offset + k] = sum;
    }
  }
}
