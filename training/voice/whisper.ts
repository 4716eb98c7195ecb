import type { Random } from '../random.ts';

/** Order of the predictor: two poles a kilohertz, and four for the source. */
const ORDER = 20;
const FRAME = 400;
const HOP = FRAME / 2;
/** Keeps the predictor stable where the spectrum is nearly empty. */
const WHITE_NOISE_CORRECTION = 1e-4;

/**
 * Returns a recording as if it had been whispered: the envelope of the vocal tract stays, by linear
 * prediction over 25 ms (Makhoul 1975), and noise takes the place of the glottal pulses. `tilt` in
 * [0, 1) brightens that noise: the breath of a whisper falls off less than a voice does.
 *
 * @param samples mono at 16 kHz
 * @example
 * const whispered = whisper(samples, createRandom(1), 0.5);
 */
export function whisper(samples: Float32Array, random: Random, tilt = 0.5): Float32Array {
  const out = new Float32Array(samples.length);
  const window = Float64Array.from({ length: FRAME }, (_, n) =>
    Math.sin((Math.PI * (n + 0.5)) / FRAME),
  );
  const frame = new Float64Array(FRAME);
  for (let start = -HOP; start < samples.length; start += HOP) {
    for (let n = 0; n < FRAME; n++) frame[n] = (samples[start + n] ?? 0) * window[n];
    const { coefficients, error } = linearPrediction(frame);
    if (error <= 0) continue;
    const breath = synthesise(coefficients, Math.sqrt(error / HOP), random, tilt);
    for (let n = Math.max(0, -start); n < FRAME && start + n < out.length; n++) {
      out[start + n] += breath[n] * window[n];
    }
  }
  return out;
}

/** Returns the predictor of a windowed frame and the energy it leaves (Levinson–Durbin). */
function linearPrediction(frame: Float64Array) {
  const r = Array.from({ length: ORDER + 1 }, (_, lag) => {
    let sum = 0;
    for (let n = lag; n < FRAME; n++) sum += frame[n] * frame[n - lag];
    return sum;
  });
  r[0] *= 1 + WHITE_NOISE_CORRECTION;
  let coefficients = new Float64Array(ORDER + 1);
  let error = r[0];
  for (let i = 1; i <= ORDER && error > 0; i++) {
    let sum = r[i];
    for (let j = 1; j < i; j++) sum -= coefficients[j] * r[i - j];
    const reflection = sum / error;
    const next = coefficients.slice();
    next[i] = reflection;
    for (let j = 1; j < i; j++) next[j] = coefficients[j] - reflection * coefficients[i - j];
    coefficients = next;
    error *= 1 - reflection * reflection;
  }
  return { coefficients, error };
}

/** Filters noise of the given deviation through the all-pole envelope. */
function synthesise(coefficients: Float64Array, gain: number, random: Random, tilt: number) {
  const out = new Float64Array(FRAME);
  // Equal power for every tilt.
  const scale = gain / Math.sqrt(1 + tilt * tilt);
  let before = 0;
  for (let n = 0; n < FRAME; n++) {
    const noise = random.normal();
    let value = scale * (noise - tilt * before);
    before = noise;
    for (let k = 1; k <= Math.min(ORDER, n); k++) value += coefficients[k] * out[n - k];
    out[n] = value;
  }
  return out;
}
