import type { VoiceModel } from '../../core/voice/network.ts';

/** Returns a voice model as the source file that core imports, formatted as the linter wants it. */
export function modelSource({ inputs, hidden, members, threshold, weights }: VoiceModel): string {
  return `import type { VoiceModel } from './network.ts';

/** Written by training/voice: train it again rather than edit it. */
export const VOICE_MODEL: VoiceModel = {
  inputs: ${inputs},
  hidden: ${hidden},
  members: ${members},
  threshold: ${threshold},
  weights:
    '${weights}',
};
`;
}
