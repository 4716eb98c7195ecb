/**
 * Fourier transform of real signals of one power-of-two length, as one complex transform of half the
 * length (Cooley–Tukey, radix 2, double precision). All tables are made once.
 *
 * @example
 * const fft = new RealFft(1024);
 * fft.powerSpectrum(frame, power); // power.length === 513
 */
export class RealFft {
  readonly size: number;
  readonly #half: number;
  readonly #bitReversed: Uint16Array;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  /** A power spectrum of full length, for autocorrelation. */
  readonly #mirrored: Float64Array;

  /** @param size length of the signal, a power of two from 4 to 65,536 */
  constructor(size: number) {
    const bits = Math.log2(size) - 1;
    if (!Number.isInteger(bits) || size < 4 || size > 65_536) {
      throw new RangeError(`FFT size ${size} is not a power of two from 4 to 65536`);
    }
    this.size = size;
    this.#half = size / 2;
    this.#bitReversed = new Uint16Array(this.#half);
    for (let i = 0; i < this.#half; i++) {
      this.#bitReversed[i] = (this.#bitReversed[i >> 1] >> 1) | ((i & 1) << (bits - 1));
    }
    this.#cos = Float64Array.from({ length: this.#half }, (_, k) =>
      Math.cos((2 * Math.PI * k) / size),
    );
    this.#sin = Float64Array.from({ length: this.#half }, (_, k) =>
      Math.sin((2 * Math.PI * k) / size),
    );
    this.#re = new Float64Array(this.#half);
    this.#im = new Float64Array(this.#half);
    this.#mirrored = new Float64Array(size);
  }

  /** Writes |X(k)|² for k = 0 … size/2 into `power` (length size/2 + 1). */
  powerSpectrum(signal: Float64Array, power: Float64Array): void {
    this.#transform(signal);
    const half = this.#half;
    const re = this.#re;
    const im = this.#im;
    power[0] = (re[0] + im[0]) ** 2;
    power[half] = (re[0] - im[0]) ** 2;
    const cos = this.#cos;
    const sin = this.#sin;
    // Unpack: X(k) = E(k) + W^k O(k), where E and O are the spectra of even and odd samples.
    for (let k = 1; k < half; k++) {
      const m = half - k;
      const evenRe = (re[k] + re[m]) / 2;
      const evenIm = (im[k] - im[m]) / 2;
      const oddRe = (im[k] + im[m]) / 2;
      const oddIm = (re[m] - re[k]) / 2;
      const xRe = evenRe + cos[k] * oddRe + sin[k] * oddIm;
      const xIm = evenIm + cos[k] * oddIm - sin[k] * oddRe;
      power[k] = xRe * xRe + xIm * xIm;
    }
  }

  /**
   * Writes the circular autocorrelation of the signal with this power spectrum into
   * `autocorrelation` (Wiener–Khinchin), for lags 0 … size/2, up to the constant factor `size`.
   */
  autocorrelation(power: Float64Array, autocorrelation: Float64Array): void {
    const half = this.#half;
    const spectrum = this.#mirrored;
    spectrum.set(power);
    for (let k = 1; k < half; k++) spectrum[this.size - k] = power[k];
    this.#transform(spectrum);
    const re = this.#re;
    const im = this.#im;
    const cos = this.#cos;
    const sin = this.#sin;
    // The spectrum is real and even, and so is its transform: only the real part is unpacked.
    autocorrelation[0] = re[0] + im[0];
    autocorrelation[half] = re[0] - im[0];
    for (let k = 1; k < half; k++) {
      const m = half - k;
      const oddRe = (im[k] + im[m]) / 2;
      const oddIm = (re[m] - re[k]) / 2;
      autocorrelation[k] = (re[k] + re[m]) / 2 + cos[k] * oddRe + sin[k] * oddIm;
    }
  }

  /** Complex transform of z(n) = x(2n) + i·x(2n+1) into #re and #im. */
  #transform(signal: Float64Array): void {
    const half = this.#half;
    const re = this.#re;
    const im = this.#im;
    const cos = this.#cos;
    const sin = this.#sin;
    for (let i = 0; i < half; i++) {
      const j = this.#bitReversed[i];
      re[j] = signal[2 * i];
      im[j] = signal[2 * i + 1];
    }
    // The first stage multiplies by one only.
    for (let a = 0; a < half; a += 2) {
      const b = a + 1;
      const bRe = re[b];
      const bIm = im[b];
      re[b] = re[a] - bRe;
      im[b] = im[a] - bIm;
      re[a] += bRe;
      im[a] += bIm;
    }
    for (let span = 2; span < half; span *= 2) {
      const stride = half / span;
      for (let block = 0; block < half; block += 2 * span) {
        for (let k = 0; k < span; k++) {
          const a = block + k;
          const b = a + span;
          const wRe = cos[k * stride];
          const wIm = sin[k * stride];
          const bRe = re[b];
          const bIm = im[b];
          const tRe = bRe * wRe + bIm * wIm;
          const tIm = bIm * wRe - bRe * wIm;
          re[b] = re[a] - tRe;
          im[b] = im[a] - tIm;
          re[a] += tRe;
          im[a] += tIm;
        }
      }
    }
  }
}
