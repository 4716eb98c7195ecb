import { dot } from './dot.ts';

/** Pitch classes, C first. */
export const PITCH_CLASSES = 12;
/** Centre and width in octaves of the weighting over frequency (Ellis 2007; librosa's defaults). */
const CENTRE_OCTAVE = 5;
const WIDTH_OCTAVES = 2;
/** Smaller weights, of the order of the rounding of a float32, are left out. */
const NEGLIGIBLE = 1e-8;
/** C lies three semitones above A. */
const SEMITONES_A_TO_C = 3;
/** 440 Hz is A4, four octaves above the A that octaves are counted from. */
const A0_HZ = 440 / 16;

/**
 * Energy of the twelve pitch classes in a power spectrum, each frame divided by its largest value
 * (Ellis 2007; `librosa.feature.chroma_stft` with tuning 0).
 *
 * @example
 * const chroma = new Chroma({ sampleRate: 16000, nFft: 1024 });
 * chroma.compute(power, out); // 12 values from 0 to 1, C first
 */
export class Chroma {
  readonly #bins: number;
  readonly #weights: Float64Array;
  /** Of each class, the stretches of bins that it is near to, once an octave: first and length in turns. */
  readonly #stretches: readonly Uint16Array[];

  constructor({ sampleRate, nFft }: { sampleRate: number; nFft: number }) {
    const bins = nFft / 2 + 1;
    this.#bins = bins;
    this.#weights = chromaWeights(sampleRate, nFft);
    this.#stretches = Array.from({ length: PITCH_CLASSES }, (_, c) =>
      stretchesOf(this.#weights.subarray(c * bins, (c + 1) * bins)),
    );
  }

  /** Writes the twelve values into `out` from `offset` on; silence gives zeros. */
  compute(power: Float64Array, out: Float64Array | Float32Array, offset = 0): void {
    const bins = this.#bins;
    let max = 0;
    for (let c = 0; c < PITCH_CLASSES; c++) {
      const stretches = this.#stretches[c];
      let sum = 0;
      for (let i = 0; i < stretches.length; i += 2) {
        const from = stretches[i];
        sum += dot(this.#weights, c * bins + from, power, from, stretches[i + 1]);
      }
      out[offset + c] = sum;
      if (sum > max) max = sum;
    }
    if (max < Number.MIN_VALUE) return;
    for (let c = 0; c < PITCH_CLASSES; c++) out[offset + c] /= max;
  }
}

/** Returns the stretches of weights that tell, each as its first and its length. */
function stretchesOf(weights: Float64Array): Uint16Array {
  const tells = Array.from(weights, (weight) => weight > NEGLIGIBLE);
  const stretches: number[] = [];
  for (let from = tells.indexOf(true); from >= 0; ) {
    const end = tells.indexOf(false, from);
    const to = end < 0 ? tells.length : end;
    stretches.push(from, to - from);
    from = tells.indexOf(true, to);
  }
  return Uint16Array.from(stretches);
}

function chromaWeights(sampleRate: number, nFft: number): Float64Array {
  const bins = nFft / 2 + 1;
  // Position of every bin in semitones; bin 0 is put one and a half octaves below bin 1.
  const position = Array.from(
    { length: nFft },
    (_, bin) => PITCH_CLASSES * Math.log2((bin * sampleRate) / nFft / A0_HZ),
  );
  position[0] = position[1] - 1.5 * PITCH_CLASSES;
  const weights = new Float64Array(PITCH_CLASSES * bins);
  for (let bin = 0; bin < bins; bin++) {
    const width = Math.max(position[bin + 1] - position[bin], 1);
    const bumps = Array.from({ length: PITCH_CLASSES }, (_, c) => {
      const distance = wrapSemitones(position[bin] - c);
      return Math.exp(-0.5 * ((2 * distance) / width) ** 2);
    });
    const norm = Math.hypot(...bumps);
    const octave = position[bin] / PITCH_CLASSES;
    const emphasis = Math.exp(-0.5 * ((octave - CENTRE_OCTAVE) / WIDTH_OCTAVES) ** 2);
    for (let c = 0; c < PITCH_CLASSES; c++) {
      const fromC = (c + PITCH_CLASSES - SEMITONES_A_TO_C) % PITCH_CLASSES;
      weights[fromC * bins + bin] = (bumps[c] / norm) * emphasis;
    }
  }
  return weights;
}

/** Maps a distance in semitones to the nearest one around the circle, from −6 to 6. */
function wrapSemitones(distance: number): number {
  const half = PITCH_CLASSES / 2;
  const shifted = (distance + half) % PITCH_CLASSES;
  return (shifted < 0 ? shifted + PITCH_CLASSES : shifted) - half;
}
