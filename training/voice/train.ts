import type { VoiceModel } from '../../core/voice/network.ts';
import type { Described } from './described.ts';
import {
  chooseThreshold,
  score,
  summarise,
  TOLERATED_LOSS,
  type VoiceResults,
} from './evaluate.ts';
import { fitVoiceModel } from './fit.ts';
import { FOLDS } from './recordings.ts';

/**
 * Trains the voice detector: once for each fold on the others, for the figures and the threshold,
 * and then on all folds, for what ships. Examples of no fold are never trained on.
 *
 * @returns the model that ships and what it does to voices and sounds it has not heard
 */
export async function trainVoiceDetector(
  examples: readonly Described[],
  seed: number,
): Promise<{ model: VoiceModel; results: VoiceResults }> {
  const folded = examples.filter(({ fold }) => fold !== null);
  const unheard = [];
  for (let k = 0; k < FOLDS; k++) {
    const model = await fitVoiceModel(
      folded.filter(({ fold }) => fold !== k),
      seed,
    );
    unheard.push(
      ...score(
        folded.filter(({ fold }) => fold === k),
        model,
      ),
    );
  }
  const threshold = chooseThreshold(unheard, TOLERATED_LOSS);
  const model = { ...(await fitVoiceModel(folded, seed)), threshold };
  const neverTrained = examples.filter(({ fold }) => fold === null);
  unheard.push(...score(neverTrained, model));
  return { model, results: summarise(unheard, { seed, threshold }) };
}
