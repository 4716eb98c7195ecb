import { FEATURE_CONFIG } from '../../../core/features/config.ts';
import { FUNCTIONAL_NAMES } from '../../../core/features/functionals.ts';
import type { Figures, ModelCard } from '../../../core/model/card.ts';
import { EMOTIONS } from '../../../core/model/emotions.ts';
import type { Scores } from '../../metrics.ts';
import { LOG_MEL_INPUT } from '../../network/export.ts';
import type { NetworkResults } from '../../network/results.ts';
import { INPUT_NAME, OUTPUT_NAME } from '../../onnx/export.ts';
import { figures, round } from '../card.ts';
import { MODEL_VERSION } from '../version.ts';
import { licenceText, limitsOf } from './limits.ts';
import { type Spread, spreadOf, summarizeSeeds } from './spread.ts';
import { corpusTitle, networkCount } from './wording.ts';

/**
 * Returns the card of the network from what its training measured. The figures are those of the
 * average of networks that ships; `seeds` tells how each seed alone does.
 *
 * @example
 * await writeModel('model', graph, networkModelCard(results));
 */
export function networkModelCard(results: NetworkResults): ModelCard {
  const { calibration, data, model, created } = results;
  const { frames } = FEATURE_CONFIG.networkWindow;
  const { temperature, threshold, coverage, accuracy, errorAfter, curve } = calibration;
  return {
    name: 'undertone',
    version: MODEL_VERSION,
    sha256: model.sha256,
    created: created.slice(0, 10),
    family: familyText(networkCount(results)),
    classes: [...EMOTIONS],
    features: FEATURE_CONFIG,
    inputs: [
      { name: LOG_MEL_INPUT, kind: 'log-mel', shape: [frames, FEATURE_CONFIG.logMel.bands] },
      { name: INPUT_NAME, kind: 'functionals', shape: [FUNCTIONAL_NAMES.length] },
    ],
    output: { name: OUTPUT_NAME },
    threshold,
    calibration: {
      temperature: round(temperature),
      coverage: round(coverage),
      accuracy: round(accuracy),
      expectedCalibrationError: round(errorAfter),
      method:
        'temperature scaling and threshold on the speech of held-out actors; coverage, accuracy and the expected calibration error (15 bins) are those of each fold at the values of the other folds',
      curve: curve.map((point) => ({
        threshold: point.threshold,
        coverage: round(point.coverage),
        accuracy: round(point.accuracy),
      })),
    },
    figures: measured(results),
    data: data.map((corpus) => ({
      name: corpusTitle(corpus),
      clips: corpus.clips,
      licence: corpus.licence,
      citation: corpus.citation,
    })),
    licence: licenceText(data),
    limits: limitsOf(results),
  };
}

function familyText(members: number): string {
  const networks = members > 1 ? `${members} small residual networks` : 'a small residual network';
  return `average of ${networks} on log-mel spectrograms and a perceptron on functionals`;
}

function measured(results: NetworkResults): Record<string, Figures> {
  const { unseen, cremaD, randomSplit } = results;
  const count = networkCount(results);
  const { uar, basis, complete } = summarizeSeeds(results);
  const song = spreadOf(complete.map((seed) => seed.song?.unweightedAverageRecall));
  const model = `average of ${count > 1 ? `${count} networks` : 'a network'} and a perceptron`;
  const entries: [string, Figures | null][] = [
    [
      'unseenSpeech',
      withSeeds(
        figures(
          `speakers unseen, speech: five folds by actor, pooled; ${model}`,
          unseen.ensemble.speech,
        ),
        uar,
        basis,
      ),
    ],
    [
      'unseenSong',
      unseen.ensemble.song &&
        withSeeds(
          figures(
            `speakers unseen, song: five folds by actor, pooled; ${model}`,
            unseen.ensemble.song,
          ),
          song,
          basis,
        ),
    ],
    [
      'cremaD',
      cremaD && figures('CREMA-D, actors 1061–1076 never trained on, six emotions', cremaD.scores),
    ],
    ['seed', randomFigures(randomSplit)],
  ];
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value ? [[name, value] as const] : [])),
  );
}

/** The mean over the seeds that were fitted on the random split. */
function randomFigures(seeds: NetworkResults['randomSplit']): Figures | null {
  const mean = (measure: (scores: Scores) => number) => spreadOf(seeds.map(measure))?.mean ?? 0;
  if (seeds.length === 0) return null;
  const protocol =
    'random 80/20 split over speech and song, one network; leaks speakers, so it flatters';
  const scores = {
    clips: seeds[0].clips,
    accuracy: mean(({ accuracy }) => accuracy),
    unweightedAverageRecall: mean(({ unweightedAverageRecall }) => unweightedAverageRecall),
    weightedF1: mean(({ weightedF1 }) => weightedF1),
    macroF1: mean(({ macroF1 }) => macroF1),
  };
  const uar = spreadOf(seeds.map(({ unweightedAverageRecall }) => unweightedAverageRecall));
  return withSeeds(figures(protocol, scores), uar, 'one network a seed');
}

function withSeeds(own: Figures, uar: Spread | null, basis: string): Figures {
  if (uar?.deviation == null) return own;
  const { count, mean, deviation } = uar;
  return {
    ...own,
    seeds: { count, basis, mean: round(mean), standardDeviation: round(deviation) },
  };
}
