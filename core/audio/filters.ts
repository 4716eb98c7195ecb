import { SAMPLE_RATE } from './mono-sink.ts';

/** Below this nothing of a voice is left but rumble, hum and the offset of a microphone (Hz). */
const HIGH_PASS_HZ = 80;
const HIGH_PASS_ORDER = 6;
/** Where a voice has its power: whistles, hiss and clicks lie above (Hz). */
const VOICE_BAND_HZ = 4000;
const VOICE_BAND_ORDER = 4;

interface Butterworth {
  /** Of all sections together. */
  readonly gain: number;
  /** The denominator of each second-order section, without its 1; the numerator is 1, ∓2, 1. */
  readonly sections: readonly (readonly [number, number])[];
}
const HIGH_PASS = butterworth('high', HIGH_PASS_ORDER, HIGH_PASS_HZ);
const VOICE_BAND = butterworth('low', VOICE_BAND_ORDER, VOICE_BAND_HZ);

/** Two parts of a recording, sample by sample. */
export interface VoiceParts {
  /** What lies above 80 Hz: Butterworth, order six (20 Hz: −72 dB, 50 Hz: −25 dB). */
  readonly clean: Float32Array;
  /** What of that lies below 4 kHz, in which activity is measured: Butterworth, order four. */
  readonly band: Float32Array;
}

/**
 * Returns the parts of a recording in which a voice lies. They start as if the first sample had always been
 * there, so that an offset is no click.
 *
 * All filters run in one pass. A section waits only for its own last output; the processor computes the
 * others meanwhile.
 *
 * @param samples mono at 16 kHz; not changed
 */
export function voiceParts(samples: Float32Array): VoiceParts {
  const clean = new Float32Array(samples.length);
  const band = new Float32Array(samples.length);
  const offset = samples[0] ?? 0;
  const [[a1, a2], [b1, b2], [c1, c2]] = HIGH_PASS.sections;
  const [[d1, d2], [e1, e2]] = VOICE_BAND.sections;
  let [p1, p2, q1, q2, r1, r2, s1, s2, t1, t2] = new Float64Array(10);
  for (let n = 0; n < samples.length; n++) {
    const v = HIGH_PASS.gain * (samples[n] - offset);
    const w = v + p1;
    p1 = p2 - 2 * v - a1 * w;
    p2 = v - a2 * w;
    const x = w + q1;
    q1 = q2 - 2 * w - b1 * x;
    q2 = w - b2 * x;
    const y = x + r1;
    r1 = r2 - 2 * x - c1 * y;
    r2 = x - c2 * y;
    clean[n] = y;
    const u = VOICE_BAND.gain * y;
    const z = u + s1;
    s1 = s2 + 2 * u - d1 * z;
    s2 = u - d2 * z;
    const out = z + t1;
    t1 = t2 + 2 * z - e1 * out;
    t2 = z - e2 * out;
    band[n] = out;
  }
  return { clean, band };
}

/** Returns a Butterworth filter of even order (bilinear transform of the analogue one). */
function butterworth(kind: 'high' | 'low', order: number, hz: number): Butterworth {
  const k = Math.tan((Math.PI * hz) / SAMPLE_RATE);
  const norms = Array.from({ length: order / 2 }, (_, i) => {
    const damping = 2 * Math.sin((Math.PI * (2 * i + 1)) / (2 * order));
    return { damping, norm: 1 / (1 + damping * k + k * k) };
  });
  return {
    gain: norms.reduce((gain, { norm }) => gain * norm * (kind === 'high' ? 1 : k * k), 1),
    sections: norms.map(({ damping, norm }) => [
      2 * (k * k - 1) * norm,
      (1 - damping * k + k * k) * norm,
    ]),
  };
}
