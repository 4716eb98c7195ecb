import { dot } from '../features/dot.ts';

/** Zero crossings of the sinc on each side: with the window below, a stop band under −60 dB. */
const ZERO_CROSSINGS = 24;
/** Shape of the Kaiser window: about 60 dB (Kaiser 1974). */
const KAISER_BETA = 5.65;
/** Cut-off as a share of the lower Nyquist frequency: the transition ends just above it. */
const ROLLOFF = 0.93;
/** More phases than this are not tabulated; the nearest one is used (its error is below −60 dB). */
const MAX_PHASES = 1024;

/**
 * Converts a stream of mono samples from one rate to another with a windowed-sinc polyphase filter
 * (Smith, "Digital Audio Resampling", CCRMA). The output does not depend on how the input is cut
 * into chunks, and output sample n lies at input time n / rateOut: there is no delay.
 *
 * @example
 * const resampler = new Resampler(48_000, 16_000);
 * const out = [resampler.push(chunk), resampler.end()];
 */
export class Resampler {
  readonly #rateIn: number;
  readonly #rateOut: number;
  readonly #step: number;
  readonly #half: number;
  /** Output samples after which the filter's phases repeat. */
  readonly #period: number;
  readonly #phases: number;
  readonly #taps: number;
  readonly #table: Float64Array;
  readonly #passThrough: boolean;
  #buffer: Float64Array;
  /** Input index of the first sample in the buffer; negative while it holds the leading zeros. */
  #bufferStart: number;
  #bufferLength: number;
  #produced = 0;
  #received = 0;

  /** @param rateIn input rate in Hz @param rateOut output rate in Hz */
  constructor(rateIn: number, rateOut: number) {
    this.#passThrough = rateIn === rateOut;
    this.#rateIn = rateIn;
    this.#rateOut = rateOut;
    this.#step = rateIn / rateOut;
    this.#period = rateOut / greatestCommonDivisor(rateIn, rateOut);
    this.#phases = Math.min(this.#period, MAX_PHASES);
    const cutoff = ROLLOFF * Math.min(1, rateOut / rateIn);
    this.#half = Math.ceil(ZERO_CROSSINGS / cutoff);
    this.#taps = 2 * this.#half;
    this.#table = tableOf(this.#phases, this.#half, cutoff);
    this.#buffer = new Float64Array(this.#taps * 4);
    this.#bufferStart = -this.#half;
    this.#bufferLength = this.#half;
  }

  /** Takes the next input samples and returns the output samples that they complete. */
  push(samples: Float32Array): Float32Array {
    this.#received += samples.length;
    if (this.#passThrough) return samples.slice();
    this.#append(samples);
    // An output sample needs #half input samples after its own position, rounded up.
    return this.#produce(this.#received - this.#half - 1);
  }

  /** Returns the last output samples; the input counts as silent after its end. */
  end(): Float32Array {
    if (this.#passThrough) return new Float32Array(0);
    this.#append(new Float32Array(this.#half + 1));
    return this.#produce(this.#received);
  }

  #append(samples: Float32Array): void {
    const needed = this.#bufferLength + samples.length;
    if (needed > this.#buffer.length) {
      const grown = new Float64Array(Math.max(needed, this.#buffer.length * 2));
      grown.set(this.#buffer.subarray(0, this.#bufferLength));
      this.#buffer = grown;
    }
    this.#buffer.set(samples, this.#bufferLength);
    this.#bufferLength = needed;
  }

  /** Produces every output sample whose input position is below `limit`. */
  #produce(limit: number): Float32Array {
    // Of whole numbers: divided by the step, a length that comes out even could be one sample too long.
    const end = Math.max(this.#produced, Math.ceil((limit * this.#rateOut) / this.#rateIn));
    const out = new Float32Array(end - this.#produced);
    const period = this.#period;
    const advance = Math.round(period * this.#step);
    for (let first = 0; first < Math.min(period, out.length); first++) {
      const position = (this.#produced + first) * this.#step;
      let index = Math.floor(position);
      let phase = Math.round((position - index) * this.#phases);
      if (phase === this.#phases) {
        phase = 0;
        index++;
      }
      const row = phase * this.#taps;
      let from = index - this.#half + 1 - this.#bufferStart;
      // All that lie alike between the input samples have the same taps.
      let i = first;
      for (; i + 3 * period < out.length; i += 4 * period, from += 4 * advance) {
        if (period === 1) this.#fourNeighbours(row, from, advance, out, i);
        else this.#four(row, from, advance, out, i, period);
      }
      for (; i < out.length; i += period, from += advance) {
        out[i] = dot(this.#table, row, this.#buffer, from, this.#taps);
      }
    }
    this.#produced = end;
    this.#forget(Math.floor(end * this.#step) - this.#half + 1);
    return out;
  }

  /** Four samples at a time, so that each tap is read once for them. */
  #four(
    row: number,
    from: number,
    advance: number,
    out: Float32Array,
    at: number,
    period: number,
  ): void {
    const table = this.#table;
    const buffer = this.#buffer;
    const taps = this.#taps;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let k = 0; k < taps; k++) {
      const weight = table[row + k];
      const n = from + k;
      a += weight * buffer[n];
      b += weight * buffer[n + advance];
      c += weight * buffer[n + 2 * advance];
      d += weight * buffer[n + 3 * advance];
    }
    out[at] = a;
    out[at + period] = b;
    out[at + 2 * period] = c;
    out[at + 3 * period] = d;
  }

  /**
   * Four samples next to each other, of a whole number of input samples each: each input is read once for
   * them. The taps of both sides are alike, so inputs as far before as after are added before they are weighed.
   */
  #fourNeighbours(row: number, from: number, advance: number, out: Float32Array, at: number): void {
    const table = this.#table;
    const buffer = this.#buffer;
    const middle = row + this.#half - 1;
    const centre = from + this.#half - 1;
    const end = row + this.#taps - 1;
    const weightOfMiddle = table[middle];
    // The tap at the end has no counterpart.
    const weightOfEnd = table[end];
    const last = from + this.#taps - 1;
    let a = weightOfMiddle * buffer[centre] + weightOfEnd * buffer[last];
    let b = weightOfMiddle * buffer[centre + advance] + weightOfEnd * buffer[last + advance];
    let c =
      weightOfMiddle * buffer[centre + 2 * advance] + weightOfEnd * buffer[last + 2 * advance];
    let d =
      weightOfMiddle * buffer[centre + 3 * advance] + weightOfEnd * buffer[last + 3 * advance];
    for (let first = 1; first <= advance; first++) {
      let before = centre - first;
      let after = centre + first;
      let beforeB = buffer[before + advance];
      let beforeC = buffer[before + 2 * advance];
      let beforeD = buffer[before + 3 * advance];
      let afterA = buffer[after];
      let afterB = buffer[after + advance];
      let afterC = buffer[after + 2 * advance];
      after += 3 * advance;
      for (let k = middle + first; k < end; k += advance, before -= advance, after += advance) {
        const weight = table[k];
        const beforeA = buffer[before];
        const afterD = buffer[after];
        a += weight * (beforeA + afterA);
        b += weight * (beforeB + afterB);
        c += weight * (beforeC + afterC);
        d += weight * (beforeD + afterD);
        // One tap further from the middle, an input is that of the sample beside.
        beforeD = beforeC;
        beforeC = beforeB;
        beforeB = beforeA;
        afterA = afterB;
        afterB = afterC;
        afterC = afterD;
      }
    }
    out[at] = a;
    out[at + 1] = b;
    out[at + 2] = c;
    out[at + 3] = d;
  }

  /** Drops buffered samples before input index `from`. */
  #forget(from: number): void {
    const drop = Math.min(from - this.#bufferStart, this.#bufferLength);
    if (drop <= 0) return;
    this.#buffer.copyWithin(0, drop, this.#bufferLength);
    this.#bufferStart += drop;
    this.#bufferLength -= drop;
  }
}

/** The table of the rate that was last asked for: both channels of a recording have it, and the next one mostly. */
let last: { readonly key: string; readonly table: Float64Array } | undefined;

function tableOf(phases: number, half: number, cutoff: number): Float64Array {
  const key = [phases, half, cutoff].join(' ');
  if (last?.key !== key) last = { key, table: polyphaseTable(phases, half, cutoff) };
  return last.table;
}

/** One row of filter taps for each phase, each row scaled to sum to 1 so that DC keeps its level. */
function polyphaseTable(phases: number, half: number, cutoff: number): Float64Array {
  const taps = 2 * half;
  const table = new Float64Array(phases * taps);
  for (let phase = 0; phase < phases; phase++) {
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const t = k - half + 1 - phase / phases;
      const value = sinc(cutoff * t) * kaiser(t / half);
      table[phase * taps + k] = value;
      sum += value;
    }
    for (let k = 0; k < taps; k++) table[phase * taps + k] /= sum;
  }
  return table;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) > 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

/** Modified Bessel function of the first kind, order zero, by its power series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
