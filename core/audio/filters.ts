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

function filter(samples: Float32Array, sections: readonly Section[], offset: number): Float32Array {
  const out = samples.slice();
  if (offset !== 0) for (let n = 0; n < out.length; n++) out[n] -= offset;
  for (const { b, a } of sections) {
    const [b0, b1, b2] = b;
    const [a1, a2] = a;
    let s1 = 0;
    let s2 = 0;
    for (let n = 0; n < out.length; n++) {
      const x = out[n];
      const y = b0 * x + s1;
      s1 = b1 * x - a1 * y + s2;
      s2 = b2 * x - a2 * y;
      out[n] = y;
    }
  }
  return out;
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
