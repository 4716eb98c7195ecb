import { SAMPLE_RATE } from '../../core/audio/mono-sink.ts';
import type { Random } from '../random.ts';

/** Telephone band in Hz (ITU-T G.712). */
const TELEPHONE = { low: 300, high: 3400 } as const;
/** Reflections a second of a simulated room: sparse noise of one sign or the other sounds smooth. */
const REFLECTION_DENSITY = 1500;
const DIRECT_SECONDS = 0.003;

/** Root mean square of the loud half of a recording: pauses say nothing about its level. */
export function loudness(samples: Float32Array): number {
  const block = SAMPLE_RATE / 50;
  const powers: number[] = [];
  for (let at = 0; at + block <= samples.length; at += block) {
    let sum = 0;
    for (let n = at; n < at + block; n++) sum += samples[n] * samples[n];
    powers.push(sum / block);
  }
  powers.sort((a, b) => b - a);
  const loud = powers.slice(0, Math.ceil(powers.length / 2));
  return Math.sqrt(loud.reduce((a, b) => a + b, 0) / Math.max(1, loud.length));
}

/**
 * Adds a sound to a recording, repeated where it is shorter, at a signal-to-noise ratio in dB
 * between the loud halves of the two.
 */
export function addNoise(
  samples: Float32Array,
  noise: Float32Array,
  snrDb: number,
  random: Random,
): Float32Array {
  const gain = (loudness(samples) / Math.max(loudness(noise), 1e-9)) * 10 ** (-snrDb / 20);
  const offset = random.integer(noise.length);
  return samples.map((value, n) => value + gain * noise[(offset + n) % noise.length]);
}

/** Keeps the band of a telephone: two second-order Butterworth filters at either edge. */
export function telephone(samples: Float32Array): Float32Array {
  const once = (x: Float32Array) => biquad(biquad(x, TELEPHONE.low, 'high'), TELEPHONE.high, 'low');
  return once(once(samples));
}

/**
 * Puts a recording into a room: sparse reflections of random sign that decay by 60 dB in
 * `decaySeconds`, `directDb` below the direct sound in all (velvet noise, Järveläinen & Karjalainen
 * 2007).
 */
export function reverberate(
  samples: Float32Array,
  { decaySeconds, directDb }: { readonly decaySeconds: number; readonly directDb: number },
  random: Random,
): Float32Array {
  const count = Math.round(decaySeconds * 0.7 * REFLECTION_DENSITY);
  const taps = Array.from({ length: count }, (_, i) => {
    const seconds = DIRECT_SECONDS + (i + random.uniform()) / REFLECTION_DENSITY;
    const sign = random.uniform() < 0.5 ? -1 : 1;
    return {
      delay: Math.round(seconds * SAMPLE_RATE),
      gain: sign * 10 ** ((-3 * seconds) / decaySeconds),
    };
  });
  const energy = taps.reduce((sum, { gain }) => sum + gain * gain, 0);
  const scale = 10 ** (-directDb / 20) / Math.sqrt(energy);
  const out = samples.slice();
  for (const { delay, gain } of taps) {
    const g = gain * scale;
    for (let n = delay; n < out.length; n++) out[n] += g * samples[n - delay];
  }
  return out;
}

/** Amplifies until the peak lies `overDb` above full scale, where it is cut off. */
export function clip(samples: Float32Array, overDb: number): Float32Array {
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  const gain = 10 ** (overDb / 20) / peak;
  return samples.map((value) => Math.max(-1, Math.min(1, value * gain)));
}

/** Plays a recording `rate` times as fast, pitch included (linear interpolation). */
export function resample(samples: Float32Array, rate: number): Float32Array {
  return Float32Array.from({ length: Math.floor((samples.length - 1) / rate) }, (_, n) => {
    const at = Math.floor(n * rate);
    const rest = n * rate - at;
    return samples[at] * (1 - rest) + samples[at + 1] * rest;
  });
}

/** Tilts the spectrum as another microphone would: first order, brighter above 0, darker below. */
export function tilt(samples: Float32Array, amount: number): Float32Array {
  return samples.map((value, n) => value - amount * (samples[n - 1] ?? 0));
}

/** Second-order Butterworth filter at `hertz` (Bristow-Johnson, Audio EQ Cookbook). */
function biquad(x: Float32Array, hertz: number, pass: 'low' | 'high'): Float32Array {
  const w = (2 * Math.PI * hertz) / SAMPLE_RATE;
  const alpha = Math.sin(w) * Math.SQRT1_2;
  const a0 = 1 + alpha;
  const edge = (pass === 'low' ? 1 - Math.cos(w) : 1 + Math.cos(w)) / a0;
  const [b0, b1] = [edge / 2, pass === 'low' ? edge : -edge];
  const [a1, a2] = [(-2 * Math.cos(w)) / a0, (1 - alpha) / a0];
  const y = new Float32Array(x.length);
  for (let n = 0; n < x.length; n++) {
    const [x1, x2] = [x[n - 1] ?? 0, x[n - 2] ?? 0];
    y[n] = b0 * (x[n] + x2) + b1 * x1 - a1 * (y[n - 1] ?? 0) - a2 * (y[n - 2] ?? 0);
  }
  return y;
}
