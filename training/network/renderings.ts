import { findActivity, HOP } from '../../core/audio/speech.ts';
import {
  applyChain,
  applyCondition,
  type ChainResources,
  type ConditionName,
  drawChain,
  opusRoundTrip,
} from '../augment/index.ts';
import { createRandom } from '../random.ts';

/**
 * One way in which the clips of a corpus are heard: under a fixed condition, or degraded by a random
 * chain, after which Opus may follow. The number tells chains of the same clip apart.
 */
export type Rendering =
  | { readonly condition: ConditionName }
  | { readonly chain: number; readonly opus?: boolean };

/** Bit rates of voice messages in kbit/s, low ones included. */
const OPUS_RATES = [12, 16, 24, 32] as const;
/** What stays around the speech, so that rooms and noise have somewhere to sound (frames of 20 ms). */
const MARGIN = 15;

/**
 * Returns the clips as a rendering lets them be heard.
 *
 * @param clips mono at 16 kHz
 * @param seeds one for each clip, which with `seed` decides its chain
 */
export async function render(
  clips: readonly Float32Array[],
  seeds: readonly number[],
  rendering: Rendering,
  { seed, ...resources }: ChainResources & { readonly seed: number },
): Promise<Float32Array[]> {
  if ('condition' in rendering) {
    return applyCondition(rendering.condition, clips, resources, seeds[0] % 1000);
  }
  const degraded = clips.map((samples, i) => {
    const random = createRandom(seed + rendering.chain, seeds[i]);
    const probabilities = rendering.opus ? { telephone: 0 } : {};
    const chain = drawChain(random, resources, probabilities);
    return applyChain(trimmed(samples), chain, resources);
  });
  if (!rendering.opus) return degraded;
  const random = createRandom(seed + rendering.chain, seeds[0]);
  return opusRoundTrip(degraded, OPUS_RATES[random.integer(OPUS_RATES.length)]);
}

function trimmed(samples: Float32Array): Float32Array {
  const activity = findActivity(samples);
  if (!activity) return samples;
  const from = Math.max(0, activity.from - MARGIN) * HOP;
  return samples.subarray(from, (activity.to + MARGIN) * HOP);
}
