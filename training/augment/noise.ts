import { findActivity, HOP } from '../../core/audio/speech.ts';
import type { Random } from '../random.ts';
import { between } from './draw.ts';
import { activeLevel, amplitudeRatio, centre, rootMeanSquare } from './level.ts';

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
