/** Cosines and sines for each size met; sizes are powers of two, so there are few. */
const TWIDDLES = new Map<number, { cos: Float64Array; sin: Float64Array }>();

/** A transform is at least this many times as long as the kernel; more leaves the cache. */
const BLOCK_FACTOR = 2;

/**
 * Returns the first `samples.length` samples of the linear convolution with a real kernel, by
 * overlap-add of Fourier transforms in double precision.
 *
 * Two blocks at a time travel as real and imaginary part of one signal: a real kernel leaves them
 * apart, and one transform does for both.
 *
 * @throws RangeError when the kernel is empty.
 */
export function convolve(samples: Float32Array, kernel: Float32Array | Float64Array): Float32Array {
  if (kernel.length === 0) throw new RangeError('the kernel has no samples');
  const out = new Float32Array(samples.length);
  if (samples.length === 0) return out;
  const size = Math.min(
    powerOfTwo(BLOCK_FACTOR * kernel.length),
    powerOfTwo(Math.ceil(samples.length / 2) + kernel.length - 1),
  );
  const block = size - kernel.length + 1;
  const kernelRe = new Float64Array(size);
  const kernelIm = new Float64Array(size);
  kernelRe.set(kernel);
  transform(kernelRe, kernelIm);
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  for (let at = 0; at < samples.length; at += 2 * block) {
    re.fill(0).set(samples.subarray(at, at + block));
    im.fill(0).set(samples.subarray(at + block, at + 2 * block));
    transform(re, im);
    multiply(re, im, kernelRe, kernelIm);
    invert(re, im);
    addInto(out, at, re);
    addInto(out, at + block, im);
  }
  return out;
}

/** Replaces the first spectrum by the product of both, divided by the length for the inverse. */
function multiply(
  re: Float64Array,
  im: Float64Array,
  byRe: Float64Array,
  byIm: Float64Array,
): void {
  const { length } = re;
  for (let k = 0; k < length; k++) {
    const product = re[k] * byRe[k] - im[k] * byIm[k];
    im[k] = (re[k] * byIm[k] + im[k] * byRe[k]) / length;
    re[k] = product / length;
  }
}

function addInto(out: Float32Array, at: number, values: Float64Array): void {
  const count = Math.min(values.length, out.length - at);
  for (let i = 0; i < count; i++) out[at + i] += values[i];
}

/**
 * Complex Fourier transform in place, decimated in frequency (Gentleman and Sande 1966): the
 * spectrum comes out in bit-reversed order, which a product of spectra does not mind.
 */
function transform(re: Float64Array, im: Float64Array): void {
  const { length } = re;
  const { cos, sin } = twiddles(length);
  for (let span = length / 2; span > 1; span /= 2) {
    const stride = length / (2 * span);
    for (let block = 0; block < length; block += 2 * span) {
      for (let a = block, k = 0; a < block + span; a++, k += stride) {
        const b = a + span;
        const dRe = re[a] - re[b];
        const dIm = im[a] - im[b];
        re[a] += re[b];
        im[a] += im[b];
        re[b] = dRe * cos[k] + dIm * sin[k];
        im[b] = dIm * cos[k] - dRe * sin[k];
      }
    }
  }
  addNeighbours(re);
  addNeighbours(im);
}

/** The inverse, times the length, decimated in time: takes the bit-reversed order back. */
function invert(re: Float64Array, im: Float64Array): void {
  const { length } = re;
  const { cos, sin } = twiddles(length);
  addNeighbours(re);
  addNeighbours(im);
  for (let span = 2; span < length; span *= 2) {
    const stride = length / (2 * span);
    for (let block = 0; block < length; block += 2 * span) {
      for (let a = block, k = 0; a < block + span; a++, k += stride) {
        const b = a + span;
        const tRe = re[b] * cos[k] - im[b] * sin[k];
        const tIm = im[b] * cos[k] + re[b] * sin[k];
        re[b] = re[a] - tRe;
        im[b] = im[a] - tIm;
        re[a] += tRe;
        im[a] += tIm;
      }
    }
  }
}

/** The stage of the transform that multiplies by one only. */
function addNeighbours(values: Float64Array): void {
  for (let a = 0; a + 1 < values.length; a += 2) {
    const difference = values[a] - values[a + 1];
    values[a] += values[a + 1];
    values[a + 1] = difference;
  }
}

/** Returns the smallest power of two that is not below `length`. */
function powerOfTwo(length: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(length, 1)));
}

function twiddles(size: number): { cos: Float64Array; sin: Float64Array } {
  let table = TWIDDLES.get(size);
  if (!table) {
    const angles = Float64Array.from({ length: size / 2 }, (_, k) => (2 * Math.PI * k) / size);
    table = { cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
    TWIDDLES.set(size, table);
  }
  return table;
}

/** Points of the circle on which a magnitude response is sampled. */
const GRID = 512;
const COSINES = Float64Array.from({ length: GRID }, (_, n) => Math.cos((2 * Math.PI * n) / GRID));

/**
 * Returns the taps of a linear-phase filter with about this magnitude response (frequency sampling
 * and a Hamming window; Oppenheim and Schafer). Features narrower than 3.3 · rate / taps are smoothed.
 *
 * @param magnitude factor of amplitude at a frequency in Hz, from 0 to half the sample rate
 * @param taps an odd number below 512
 */
export function designFir(
  magnitude: (hertz: number) => number,
  taps: number,
  sampleRate: number,
): Float64Array {
  const samples = Float64Array.from({ length: GRID / 2 + 1 }, (_, m) =>
    magnitude((m * sampleRate) / GRID),
  );
  const half = (taps - 1) / 2;
  const filter = new Float64Array(taps);
  for (let k = 0; k <= half; k++) {
    let sum = samples[0] + (k % 2 === 0 ? 1 : -1) * samples[GRID / 2];
    for (let m = 1; m < GRID / 2; m++) sum += 2 * samples[m] * COSINES[(m * k) % GRID];
    const window = 0.54 + 0.46 * Math.cos((Math.PI * k) / (half + 1));
    filter[half - k] = filter[half + k] = (sum / GRID) * window;
  }
  return filter;
}

/** Returns the filtered samples, as many as there were, without the filter's delay. */
export function applyFir(samples: Float32Array, filter: Float64Array): Float32Array {
  const half = (filter.length - 1) / 2;
  const padded = new Float32Array(samples.length + half);
  padded.set(samples);
  return convolve(padded, filter).subarray(half);
}
