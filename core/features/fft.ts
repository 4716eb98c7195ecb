/**
 * Fourier transform of real signals of one power-of-two length, as one complex transform of half the
 * length (Cooley–Tukey, two radix-2 stages at a time, double precision). All tables are made once.
 *
 * @example
 * const fft = new RealFft(1024);
 * fft.powerSpectrum(frame, power); // power.length === 513
 */
export class RealFft {
  readonly size: number;
  readonly #half: number;
  /** How many values the first pass combines, 2 or 4, and where it reads the first of them. */
  readonly #radix: 2 | 4;
  readonly #sources: Uint16Array;
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
    this.#radix = bits % 2 === 0 ? 4 : 2;
    this.#sources = new Uint16Array(this.#half / this.#radix);
    // Bit-reversed order.
    for (let i = 1; i < this.#sources.length; i++) {
      this.#sources[i] = (this.#sources[i >> 1] >> 1) | ((i & 1) * (this.#sources.length >> 1));
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
    // Unpack: X(k) = E(k) + W^k O(k), where E and O are the spectra of even and odd samples, and
    // X(half − k) is the conjugate of E(k) − W^k O(k).
    for (let k = 1; 2 * k <= half; k++) {
      const m = half - k;
      const evenRe = (re[k] + re[m]) / 2;
      const evenIm = (im[k] - im[m]) / 2;
      const oddRe = (im[k] + im[m]) / 2;
      const oddIm = (re[m] - re[k]) / 2;
      const tRe = cos[k] * oddRe + sin[k] * oddIm;
      const tIm = cos[k] * oddIm - sin[k] * oddRe;
      power[k] = (evenRe + tRe) ** 2 + (evenIm + tIm) ** 2;
      power[m] = (evenRe - tRe) ** 2 + (evenIm - tIm) ** 2;
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
    for (let k = 1; 2 * k <= half; k++) {
      const m = half - k;
      const even = (re[k] + re[m]) / 2;
      const odd = (cos[k] * (im[k] + im[m]) + sin[k] * (re[m] - re[k])) / 2;
      autocorrelation[k] = even + odd;
      autocorrelation[m] = even - odd;
    }
  }

  /** Complex transform of z(n) = x(2n) + i·x(2n+1) into #re and #im. */
  #transform(signal: Float64Array): void {
    if (this.#radix === 2) this.#firstPairs(signal);
    else this.#firstFours(signal);
    for (let span: number = this.#radix; span < this.#half; span *= 4) this.#twoStages(span);
  }

  /** The first stage, which multiplies by one only. */
  #firstPairs(signal: Float64Array): void {
    const re = this.#re;
    const im = this.#im;
    const sources = this.#sources;
    const half = this.#half;
    for (let i = 0, at = 0; i < sources.length; i++, at += 2) {
      const a = 2 * sources[i];
      const b = a + half;
      re[at] = signal[a] + signal[b];
      im[at] = signal[a + 1] + signal[b + 1];
      re[at + 1] = signal[a] - signal[b];
      im[at + 1] = signal[a + 1] - signal[b + 1];
    }
  }

  /** The first two stages, which multiply by one and −i only. */
  #firstFours(signal: Float64Array): void {
    const re = this.#re;
    const im = this.#im;
    const sources = this.#sources;
    const half = this.#half;
    for (let i = 0, at = 0; i < sources.length; i++, at += 4) {
      const a = 2 * sources[i];
      const b = a + half;
      const c = a + half / 2;
      const d = b + half / 2;
      const sumRe = signal[a] + signal[b];
      const sumIm = signal[a + 1] + signal[b + 1];
      const differenceRe = signal[a] - signal[b];
      const differenceIm = signal[a + 1] - signal[b + 1];
      const otherSumRe = signal[c] + signal[d];
      const otherSumIm = signal[c + 1] + signal[d + 1];
      const otherDifferenceRe = signal[c] - signal[d];
      const otherDifferenceIm = signal[c + 1] - signal[d + 1];
      re[at] = sumRe + otherSumRe;
      im[at] = sumIm + otherSumIm;
      re[at + 1] = differenceRe + otherDifferenceIm;
      im[at + 1] = differenceIm - otherDifferenceRe;
      re[at + 2] = sumRe - otherSumRe;
      im[at + 2] = sumIm - otherSumIm;
      re[at + 3] = differenceRe - otherDifferenceIm;
      im[at + 3] = differenceIm + otherDifferenceRe;
    }
  }

  /** The stages that combine values `span` and 2 · `span` apart: half the memory traffic of one by one. */
  #twoStages(span: number): void {
    const re = this.#re;
    const im = this.#im;
    const cos = this.#cos;
    const sin = this.#sin;
    const half = this.#half;
    const stride = half / (2 * span);
    for (let k = 0; k < span; k++) {
      const wRe = cos[k * stride];
      const wIm = sin[k * stride];
      const squareRe = cos[2 * k * stride];
      const squareIm = sin[2 * k * stride];
      for (let a = k; a < half; a += 4 * span) {
        const b = a + span;
        const c = b + span;
        const d = c + span;
        const bRe = re[b] * squareRe + im[b] * squareIm;
        const bIm = im[b] * squareRe - re[b] * squareIm;
        const dRe = re[d] * squareRe + im[d] * squareIm;
        const dIm = im[d] * squareRe - re[d] * squareIm;
        const sumRe = re[c] + dRe;
        const sumIm = im[c] + dIm;
        const differenceRe = re[c] - dRe;
        const differenceIm = im[c] - dIm;
        const tRe = sumRe * wRe + sumIm * wIm;
        const tIm = sumIm * wRe - sumRe * wIm;
        const uRe = differenceRe * wRe + differenceIm * wIm;
        const uIm = differenceIm * wRe - differenceRe * wIm;
        const vRe = re[a] + bRe;
        const vIm = im[a] + bIm;
        const xRe = re[a] - bRe;
        const xIm = im[a] - bIm;
        re[a] = vRe + tRe;
        im[a] = vIm + tIm;
        re[b] = xRe + uIm;
        im[b] = xIm - uRe;
        re[c] = vRe - tRe;
        im[c] = vIm - tIm;
        re[d] = xRe - uIm;
        im[d] = xIm + uRe;
      }
    }
  }
}
