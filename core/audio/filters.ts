import { SAMPLE_RATE } from './mono-sink.ts';

/** Below this nothing of a voice is left but rumble, hum and the offset of a microphone (Hz). */
const HIGH_PASS_HZ = 80;
const HIGH_PASS_ORDER = 6;
/** Where a voice has its power: whistles, hiss and clicks lie above (Hz). */
const VOICE_BAND_HZ = 4000;
const VOICE_BAND_ORDER = 4;

/** A second-order section, its first denominator coefficient 1. */
interface Section {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

const HIGH_PASS = butterworth('high', HIGH_PASS_ORDER, HIGH_PASS_HZ);
const VOICE_BAND = butterworth('low', VOICE_BAND_ORDER, VOICE_BAND_HZ);

/**
 * Returns the samples without what lies below a voice: a Butterworth high-pass of order six at 80 Hz
 * (20 Hz: −72 dB, 50 Hz: −25 dB). It starts as if the first sample had always been there, so that an
 * offset is no click.
 *
 * @param samples mono at 16 kHz; not changed
 */
export function highPass(samples: Float32Array): Float32Array {
  return filter(samples, HIGH_PASS, samples[0] ?? 0);
}

/** Returns the samples below 4 kHz (Butterworth, order four), in which activity is measured. */
export function voiceBand(samples: Float32Array): Float32Array {
  return filter(samples, VOICE_BAND, 0);
}

/** Passes everything through. */
const IDENTITY: Section = { b: [1, 0, 0], a: [0, 0] };

function filter(samples: Float32Array, sections: readonly Section[], offset: number): Float32Array {
  const out = samples.slice();
  if (offset !== 0) for (let n = 0; n < out.length; n++) out[n] -= offset;
  for (let i = 0; i < sections.length; i += 2) {
    applyPair(out, sections[i], sections[i + 1] ?? IDENTITY);
  }
  return out;
}

/** Two sections at a time: the processor computes one while it waits for the other. */
function applyPair(signal: Float32Array, first: Section, second: Section): void {
  const [b0, b1, b2] = first.b;
  const [a1, a2] = first.a;
  const [d0, d1, d2] = second.b;
  const [c1, c2] = second.a;
  let s1 = 0;
  let s2 = 0;
  let t1 = 0;
  let t2 = 0;
  for (let n = 0; n < signal.length; n++) {
    const x = signal[n];
    const y = b0 * x + s1;
    s1 = b1 * x + s2 - a1 * y;
    s2 = b2 * x - a2 * y;
    const z = d0 * y + t1;
    t1 = d1 * y + t2 - c1 * z;
    t2 = d2 * y - c2 * z;
    signal[n] = z;
  }
}

/** Returns a Butterworth filter of even order as sections (bilinear transform of the analogue one). */
function butterworth(kind: 'high' | 'low', order: number, hz: number): Section[] {
  const k = Math.tan((Math.PI * hz) / SAMPLE_RATE);
  return Array.from({ length: order / 2 }, (_, i) => {
    const damping = 2 * Math.sin((Math.PI * (2 * i + 1)) / (2 * order));
    const norm = 1 / (1 + damping * k + k * k);
    const gain = kind === 'high' ? norm : k * k * norm;
    return {
      b: [gain, kind === 'high' ? -2 * gain : 2 * gain, gain],
      a: [2 * (k * k - 1) * norm, (1 - damping * k + k * k) * norm],
    };
  });
}
