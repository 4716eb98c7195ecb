import type { FrameRange } from '../windows.ts';
import type { HeardFrames } from './envelope.ts';
import { VOICE_MODEL } from './model.ts';
import { VoiceNetwork } from './network.ts';
import { stretchStatistics } from './statistics.ts';
import { stretches } from './stretches.ts';

/** Made when first asked: training, which reads no weights, also runs where they do not fit yet. */
let network: VoiceNetwork | undefined;

/**
 * Tells whether somebody speaks or sings, whispers and shouts included, anywhere in a recording:
 * one stretch of two seconds with a voice is enough. Silence, noise, music and everyday sounds are
 * no voice. Neither the gain of the recording nor its length matters.
 *
 * @param within the frames that count; all of them by default
 * @example
 * if (!isVoice({ features, active })) return null;
 */
export function isVoice(
  frames: HeardFrames,
  within: FrameRange = { from: 0, to: frames.active.length },
): boolean {
  network ??= new VoiceNetwork(VOICE_MODEL);
  for (const { from, to } of stretches(frames.active.subarray(within.from, within.to))) {
    const range = { from: within.from + from, to: within.from + to };
    if (network.probability(stretchStatistics(frames, range)) >= VOICE_MODEL.threshold) return true;
  }
  return false;
}
