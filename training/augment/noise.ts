import { SAMPLE_RATE } from '../../core/audio/mono-sink.ts';
import { findActivity, HOP } from '../../core/audio/speech.ts';
import { between, type Random } from '../random.ts';
import { activeLevel, amplitudeRatio, centre, rootMeanSquare, scale } from './level.ts';

/** Samples over which the end of a looped noise fades into its beginning (10 ms). */
const CROSSFADE = 160;

/** Where in the recording the drawn moment of the noise falls, as a share of its length. */
const MIDDLE = [0.25, 0.75] as const;

/**
 * Returns the samples with a random stretch of the noise added, so that the level of the active
 * speech lies `snrDb` above the level of the noise where that is heard. The noise goes round as a
 * loop; a moment of it at which something sounds falls into the middle of the recording. The sum may
 * pass full scale: amplify clips it. Silence comes back as it is: it has no ratio to any noise.
 *
 * @param samples mono at 16 kHz
 * @param noise mono at 16 kHz, of any length
 * @param snrDb signal-to-noise ratio in dB
 * @throws RangeError when the noise has no samples.
 * @example
 * const inTheRain = mixNoise(samples, rain, 10, createRandom(1));
 */
export function mixNoise(
  samples: Float32Array,
  noise: Float32Array,
  snrDb: number,
  random: Random,
): Float32Array {
  if (noise.length === 0) throw new RangeError('the noise has no samples');
  const stretch = drawStretch(centre(noise), samples.length, random);
  const speechLevel = activeLevel(samples);
  const noiseLevel = activeLevel(stretch) ?? rootMeanSquare(stretch);
  if (speechLevel === null || noiseLevel === 0) return samples.slice();
  const factor = speechLevel / noiseLevel / amplitudeRatio(snrDb);
  for (let n = 0; n < stretch.length; n++) stretch[n] = samples[n] + factor * stretch[n];
  return stretch;
}

/**
 * Many recordings of short events (a bark, a door) are mostly dead air: a stretch of that, brought
 * to a level, would be nothing but amplified rounding.
 */
function drawStretch(noise: Float32Array, length: number, random: Random): Float32Array {
  const active = findActivity(noise)?.active ?? [];
  const heard = Array.from(active.keys()).filter((t) => active[t]);
  const moment =
    heard.length > 0 ? heard[random.integer(heard.length)] * HOP : random.integer(noise.length);
  const ring = closeRing(noise);
  const turn = Math.floor(moment - length * between(random, MIDDLE)) % ring.length;
  const start = turn < 0 ? turn + ring.length : turn;
  const stretch = new Float32Array(length);
  for (let done = 0, from = start; done < length; from = 0) {
    const piece = ring.subarray(from, from + length - done);
    stretch.set(piece, done);
    done += piece.length;
  }
  return stretch;
}

/** Fades the end into the beginning with constant power; the ring is shorter by the crossfade. */
function closeRing(noise: Float32Array): Float32Array {
  const fade = Math.min(CROSSFADE, noise.length >> 1);
  const ring = noise.slice(0, noise.length - fade);
  for (let i = 0; i < fade; i++) {
    const angle = (Math.PI / 2) * ((i + 0.5) / fade);
    ring[i] = noise[i] * Math.sin(angle) + noise[ring.length + i] * Math.cos(angle);
  }
  return ring;
}

/** Root mean square of generated noise, where full scale is 1. */
const GENERATED_LEVEL = 0.1;

/**
 * A first-order section falls by 20 dB a decade from its pole to its zero and is level elsewhere;
 * with poles every factor of 4 and zeros half way (a factor of 2 on), a row of them falls by 10.
 */
const POLES_HERTZ = [10, 40, 160, 640, 2560] as const;
const POLE_TO_ZERO = 2;
/** Samples after which the slowest pole has forgotten its start. */
const SETTLING = 2_000;

/** Returns normally distributed noise of equal power at all frequencies, RMS 0.1. */
export function whiteNoise(length: number, random: Random): Float32Array {
  const noise = new Float32Array(length);
  for (let n = 0; n < length; n++) noise[n] = GENERATED_LEVEL * random.normal();
  return noise;
}

/**
 * Returns noise that falls by 3 dB an octave from 20 Hz to 8 kHz, RMS 0.1, at 16 kHz.
 *
 * @example
 * const hum = mixNoise(samples, pinkNoise(samples.length, random), 20, random);
 */
export function pinkNoise(length: number, random: Random): Float32Array {
  const values = whiteNoise(length + SETTLING, random);
  for (const hertz of POLES_HERTZ) {
    const pole = Math.exp((-2 * Math.PI * hertz) / SAMPLE_RATE);
    const zero = Math.exp((-2 * Math.PI * hertz * POLE_TO_ZERO) / SAMPLE_RATE);
    let input = 0;
    let output = 0;
    for (let n = 0; n < values.length; n++) {
      output = values[n] - zero * input + pole * output;
      input = values[n];
      values[n] = output;
    }
  }
  const settled = values.subarray(SETTLING);
  return scale(settled, GENERATED_LEVEL / rootMeanSquare(settled));
}
