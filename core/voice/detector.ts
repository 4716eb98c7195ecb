import { VOICE_MODEL } from './model.ts';
import { VoiceNetwork } from './network.ts';
import { type HeardFrames, stretchStatistics } from './statistics.ts';
import { stretches } from './stretches.ts';

/** Made when first asked: training, which reads no weights, also runs where they do not fit yet. */
let network: VoiceNetwork | undefined;

/**
 * Tells whether somebody speaks or sings, whispers and shouts included, anywhere in a recording:
 * one stretch of two seconds with a voice is enough. Silence, noise, music and everyday sounds are
 * no voice. Neither the gain of the recording nor its length matters.
 *
 * @example
 * if (!isVoice({ features, active })) return null;
 */
export function isVoice(frames: HeardFrames): boolean {
  network ??= new VoiceNetwork(VOICE_MODEL);
  for (const range of stretches(frames.active)) {
    if (network.probability(stretchStatistics(frames, range)) >= VOICE_MODEL.threshold) return true;
  }
  return false;
}
