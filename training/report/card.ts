import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { FUNCTIONAL_NAMES } from '../../core/features/functionals.ts';
import type { Figures, ModelCard } from '../../core/model/card.ts';
import { EMOTIONS } from '../../core/model/emotions.ts';
import { FAMILY } from '../baselines/families.ts';
import type { Results } from '../baselines/results.ts';
import type { CalibrationFigures } from '../calibration.ts';
import type { Scores } from '../metrics.ts';
import { LOG_MEL_INPUT } from '../network/export.ts';
import type { CorpusSummary, NetworkResults } from '../network/results.ts';
import { INPUT_NAME, OUTPUT_NAME } from '../onnx/export.ts';
import { percent, points, type Spread, score, spreadOf } from './format.ts';
import {
  conditionLosses,
  corpusTitle,
  type Measured,
  modelText,
  networkCount,
  refusedText,
  summarizeSeeds,
} from './network/findings.ts';
import { outsideSummary } from './sections/outside.ts';

/** Version of the shipped model; raise it when a retrained model is committed. */
export const MODEL_VERSION = '1.0.0';

const NOT_A_FEELING = 'Classifies how a voice sounds, not what a person feels.';
const NOT_FOR_DECISIONS =
  'Not for decisions about people. In the EU, inferring emotions at work or in education is forbidden (AI Act, Art. 5(1)(f)), and elsewhere people must be told (Art. 50(3)).';

/**
 * Returns the card of the network from what its training measured. The figures are those of the
 * average of networks that ships; `seeds` tells how each seed alone does.
 *
 * @example
 * await writeModel('model', graph, networkModelCard(results));
 */
export function networkModelCard(results: Measured): ModelCard {
  const { data, model, created } = results;
  const count = networkCount(results);
  const networks = count > 1 ? `${count} small residual networks` : 'a small residual network';
  return {
    ...common(results),
    sha256: model.sha256,
    created: created.slice(0, 10),
    family: `average of ${networks} on log-mel spectrograms and a perceptron on functionals`,
    inputs: [
      {
        name: LOG_MEL_INPUT,
        kind: 'log-mel',
        shape: [FEATURE_CONFIG.networkWindow.frames, FEATURE_CONFIG.logMel.bands],
      },
      { name: INPUT_NAME, kind: 'functionals', shape: [FUNCTIONAL_NAMES.length] },
    ],
    figures: networkFigures(results),
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

/** Returns the card of the best baseline. */
export function baselineModelCard(results: Results): ModelCard {
  const { chosen, candidates, final, data, featureNames } = results;
  const candidate = candidates.find(({ family }) => family === chosen);
  if (!candidate) throw new Error(`no results of the chosen family ${chosen}`);
  const { unseen, seed } = candidate;
  return {
    ...common(results),
    sha256: final.sha256,
    created: results.created.slice(0, 10),
    family: FAMILY[chosen].title.toLowerCase(),
    inputs: [{ name: INPUT_NAME, kind: 'functionals', shape: [featureNames.length] }],
    figures: measured({
      unseenSpeech: figures('speakers unseen, speech: five folds by actor, pooled', unseen.speech),
      unseenSong: figures('speakers unseen, song: five folds by actor, pooled', unseen.song),
      seed: figures(
        'random 80/20 split over speech and song; the same speakers in training and test, so too optimistic',
        seed.scores,
      ),
    }),
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
      'Trained on 24 North American actors who speak and sing two sentences, not on everyday voices, other languages, children or old people.',
      NOT_A_FEELING,
      'Expects one speaker at a time. Sounds with a pitch (music, a dog, a baby) may be taken for speech, and whispers for silence.',
      NOT_FOR_DECISIONS,
    ],
  };
}

function common({ calibration }: { readonly calibration: CalibrationFigures }) {
  const { temperature, threshold, coverage, accuracy, errorAfter, curve } = calibration;
  return {
    name: 'undertone',
    version: MODEL_VERSION,
    classes: [...EMOTIONS],
    features: FEATURE_CONFIG,
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
  };
}

/** What matters most comes first: recordings unlike those learned from, then the laboratory. */
function networkFigures(results: Measured): ModelCard['figures'] {
  const { unseen, cremaD, randomSplit, anotherCorpus } = results;
  const { uar, basis, complete } = summarizeSeeds(results);
  const song = spreadOf(complete.map((seed) => seed.song?.unweightedAverageRecall));
  const pooled = `five folds by actor, pooled; ${modelText(results)}`;
  return measured({
    ...Object.fromEntries(
      (anotherCorpus?.corpora ?? []).map(({ name, scores }) => [
        `anotherCorpus ${name}`,
        figures(`another corpus: ${name}, by a model trained on the other corpora`, scores),
      ]),
    ),
    unseenSpeech: withSeeds(
      figures(`speakers unseen, speech: ${pooled}`, unseen.ensemble.speech),
      uar,
      basis,
    ),
    unseenSong: withSeeds(
      figures(`speakers unseen, song: ${pooled}`, unseen.ensemble.song),
      song,
      basis,
    ),
    cremaD: figures('CREMA-D, actors 1061–1076 never trained on, six emotions', cremaD?.scores),
    seed: randomFigures(randomSplit),
  });
}

/** The mean over the seeds that were fitted on the random split. */
function randomFigures(seeds: NetworkResults['randomSplit']): Figures | null {
  const mean = (measure: (scores: Scores) => number) => spreadOf(seeds.map(measure))?.mean ?? 0;
  if (seeds.length === 0) return null;
  const own = figures(
    'random 80/20 split over speech and song, one network; the same speakers in training and test, so too optimistic',
    {
      clips: seeds[0].clips,
      accuracy: mean(({ accuracy }) => accuracy),
      unweightedAverageRecall: mean(({ unweightedAverageRecall }) => unweightedAverageRecall),
      weightedF1: mean(({ weightedF1 }) => weightedF1),
      macroF1: mean(({ macroF1 }) => macroF1),
    },
  );
  const uar = spreadOf(seeds.map(({ unweightedAverageRecall }) => unweightedAverageRecall));
  return withSeeds(own, uar, 'one network a seed');
}

function withSeeds(own: Figures | null, uar: Spread | null, basis: string): Figures | null {
  if (!own || uar?.deviation == null) return own;
  const { count, mean, deviation } = uar;
  return {
    ...own,
    seeds: { count, basis, mean: round(mean), standardDeviation: round(deviation) },
  };
}

function measured(all: Readonly<Record<string, Figures | null>>): Record<string, Figures> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value ? [[name, value] as const] : [])),
  );
}

function figures(
  protocol: string,
  scores: Omit<Scores, 'perClass' | 'confusion'> | null | undefined,
): Figures | null {
  if (!scores) return null;
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
function round(value: number): number {
  return Number(value.toFixed(4));
}

/** Returns what a user must know before relying on the model, with the figures that were measured. */
function limitsOf(results: Measured): string[] {
  const { data, noSpeech } = results;
  const worst = conditionLosses(results)[0];
  const outside = outsideSummary(results);
  return [
    outside &&
      `On recordings unlike those it learned from (corpora left out of training), the mean UAR is ${score(outside.unweightedAverageRecall)}; ${percent(outside.coverage)} are answered, and ${percent(outside.answeredAccuracy)} of the answers are correct.`,
    hasCremaD(data)
      ? 'Trained on acted emotions in North American English: 24 RAVDESS actors who speak and sing two sentences, and actors of CREMA-D, with several accents, who speak twelve. Not trained on spontaneous speech, other languages or children.'
      : 'Trained on acted emotions in North American English: 24 actors who speak and sing two sentences. Not trained on spontaneous speech, other languages, children or old people.',
    NOT_A_FEELING,
    'Expects one speaker at a time: two people talking get one answer.',
    worst && worst.loss > 0
      ? `Loses up to ${points(worst.loss)} points of UAR under the conditions that were tested (${worst.name}); worse ones were not tested.`
      : null,
    noSpeech.length > 0
      ? `Speech detection makes mistakes too: “no speech” was the answer to ${refusedText(results)}.`
      : 'May take sounds for speech, and whispers for silence: this was not measured.',
    NOT_FOR_DECISIONS,
  ].filter((sentence) => typeof sentence === 'string');
}

/** Returns what may be done with the model, as far as the licences of its data tell. */
function licenceText(data: readonly CorpusSummary[]): string {
  const ravdess =
    'RAVDESS allows non-commercial use only (CC BY-NC-SA 4.0); whether a model trained on it may be used commercially is unsettled. Assume that it may not.';
  return hasCremaD(data)
    ? `${ravdess} CREMA-D is published under the Open Database License (ODbL 1.0): name it when you pass the model on, and share databases that you derive from it under the same terms.`
    : ravdess;
}

function hasCremaD(data: readonly CorpusSummary[]): boolean {
  return data.some((corpus) => corpusTitle(corpus) === 'CREMA-D');
}
