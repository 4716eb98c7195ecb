import { RealFft } from '../../../core/features/fft.ts';

const RATE = 16_000;
const FFT = 4096;
const fft = new RealFft(FFT);

/** A sine of the given amplitude at 16 kHz. */
export function tone(hertz: number, seconds: number, amplitude = 0.5): Float32Array {
  return Float32Array.from(
    { length: Math.round(seconds * RATE) },
    (_, n) => amplitude * Math.sin((2 * Math.PI * hertz * n) / RATE),
  );
}

/** Mean power between two frequencies in dB: Hann-windowed frames of 4096 with half overlap. */
export function bandDb(samples: Float32Array, fromHertz: number, toHertz: number): number {
  const power = new Float64Array(FFT / 2 + 1);
  let sum = 0;
  let frames = 0;
  for (let at = 0; at + FFT <= samples.length; at += FFT / 2) {
    const frame = Float64Array.from(samples.subarray(at, at + FFT), (sample, n) => {
      return sample * (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / FFT));
    });
    fft.powerSpectrum(frame, power);
    const first = Math.ceil((fromHertz * FFT) / RATE);
    const last = Math.floor((toHertz * FFT) / RATE);
    for (let k = first; k <= last; k++) sum += power[k];
    frames++;
  }
  return 10 * Math.log10(sum / frames + 1e-30);
}

/**
 * The shift in samples, at most `most`, at which `later` is most like `earlier`. Both are flattened
 * by two differences first: what a high-pass does to the phase of a low voice is no delay, yet it
 * moves the broad peak that such a voice has by a sample.
 */
export function lagOf(after: Float32Array, before: Float32Array, most = 400): number {
  const later = difference(difference(after));
  const earlier = difference(difference(before));
  let best = Number.NEGATIVE_INFINITY;
  let lag = 0;
  for (let shift = -most; shift <= most; shift++) {
    let sum = 0;
    const to = Math.min(earlier.length, later.length - shift);
    for (let n = Math.max(0, -shift); n < to; n++) sum += earlier[n] * later[n + shift];
    if (sum > best) {
      best = sum;
      lag = shift;
    }
  }
  return lag;
}

function difference(samples: Float32Array): Float32Array {
  return samples.map((sample, n) => sample - (n > 0 ? samples[n - 1] : 0));
}

export function decibels(ratio: number): number {
  return 20 * Math.log10(ratio);
}

export function subtract(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, n) => value - b[n]);
}
