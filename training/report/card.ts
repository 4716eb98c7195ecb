import { FEATURE_CONFIG } from '../../core/features/config.ts';
import type { Figures, ModelCard } from '../../core/model/card.ts';
import { EMOTIONS } from '../../core/model/emotions.ts';
import { FAMILY } from '../baselines/families.ts';
import type { Results } from '../baselines/results.ts';
import type { Scores } from '../metrics.ts';
import { INPUT_NAME, OUTPUT_NAME } from '../onnx/export.ts';
import { MODEL_VERSION } from './version.ts';

const PROTOCOLS = {
  unseenSpeech: 'speakers unseen, speech: five folds by actor, pooled',
  unseenSong: 'speakers unseen, song: five folds by actor, pooled',
  seed: 'random 80/20 split over speech and song; leaks speakers, so it flatters',
} as const;

/** Returns the card of a model from what its training measured. */
export function modelCard(results: Results): ModelCard {
  const { chosen, candidates, final, calibration, data, featureNames } = results;
  const candidate = candidates.find(({ family }) => family === chosen);
  if (!candidate) throw new Error(`no results of the chosen family ${chosen}`);
  const measured: [keyof typeof PROTOCOLS, Scores | null][] = [
    ['unseenSpeech', candidate.unseen.speech],
    ['unseenSong', candidate.unseen.song],
    ['seed', candidate.seed.scores],
  ];
  return {
    name: 'undertone',
    version: MODEL_VERSION,
    sha256: final.sha256,
    created: results.created.slice(0, 10),
    family: FAMILY[chosen].title.toLowerCase(),
    classes: [...EMOTIONS],
    features: FEATURE_CONFIG,
    inputs: [{ name: INPUT_NAME, kind: 'functionals', shape: [featureNames.length] }],
    output: { name: OUTPUT_NAME },
    threshold: calibration.threshold,
    calibration: {
      temperature: round(calibration.temperature),
      coverage: round(calibration.coverage),
      accuracy: round(calibration.accuracy),
      method:
        'temperature scaling and threshold on the speech of held-out actors; coverage and accuracy are those of each fold at the values of the other folds',
      curve: calibration.curve.map((point) => ({
        threshold: point.threshold,
        coverage: round(point.coverage),
        accuracy: round(point.accuracy),
      })),
    },
    figures: Object.fromEntries(
      measured.flatMap(([name, scores]) =>
        scores ? [[name, figures(PROTOCOLS[name], scores)]] : [],
      ),
    ),
    data: [
      {
        name: 'RAVDESS (speech and song, audio only)',
        clips: data.clips,
        licence: 'CC BY-NC-SA 4.0',
        citation: 'Livingstone & Russo 2018, PLoS ONE 13(5): e0196391',
      },
    ],
    licence:
      'The data allow non-commercial use only (CC BY-NC-SA 4.0); whether a model trained on them may be used commercially is unsettled. Assume that it may not.',
    limits: [
      'Trained on 24 North American actors who speak and sing two sentences: everyday voices, other languages, children and old people were never heard.',
      'Hears how a voice sounds, not what a person feels.',
      'Expects one speaker at a time; sounds with a pitch (music, a dog, a baby) may be taken for speech, and whispers for silence.',
      'Not for decisions about people. In the EU, inferring emotions at work or in education is forbidden (AI Act, Art. 5(1)(f)), and elsewhere people must be told (Art. 50(3)).',
    ],
  };
}

/** Returns the part of the scores that a card holds. */
export function figures(protocol: string, scores: Omit<Scores, 'perClass' | 'confusion'>): Figures {
  return {
    protocol,
    clips: scores.clips,
    accuracy: round(scores.accuracy),
    unweightedAverageRecall: round(scores.unweightedAverageRecall),
    weightedF1: round(scores.weightedF1),
    macroF1: round(scores.macroF1),
  };
}

/** Four digits: what is below them is chance. */
export function round(value: number): number {
  return Number(value.toFixed(4));
}
