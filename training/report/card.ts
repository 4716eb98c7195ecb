import { FEATURE_CONFIG } from '../../core/features/config.ts';
import type { Figures, ModelCard } from '../../core/model/card.ts';
import { EMOTIONS } from '../../core/model/emotions.ts';
import type { CalibrationFigures } from '../../evaluation/calibration.ts';
import type { Scores } from '../../evaluation/metrics.ts';
import { listed, percent, plural, points, score } from '../../evaluation/report/format.ts';
import { FAMILY } from '../baselines/families.ts';
import type { Results } from '../baselines/results.ts';
import { EMOTION_OUTPUT, VOICE_OUTPUT } from '../network/export.ts';
import { INPUTS } from '../network/graph-input.ts';
import type { CorpusSummary, NetworkResults } from '../network/results.ts';
import { INPUT_NAME, OUTPUT_NAME } from '../onnx/export.ts';
import {
  averageOf,
  conditionLosses,
  measuredText,
  modelText,
  refusedText,
} from './network/findings.ts';
import { outsideSummary } from './sections/outside.ts';

/** Version of the shipped model; raise it when a retrained model is committed. */
export const MODEL_VERSION = '2.5.1';

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
export function networkModelCard(results: NetworkResults): ModelCard {
  const { data, model, created, recipe, calibration } = results;
  return {
    ...common(calibration),
    calibration: calibrationCard(
      calibration,
      calibration,
      'temperature, biases and threshold from whole corpora that were left out of training; coverage, accuracy and the expected calibration error (15 bins) are those of each corpus at the values of the others',
    ),
    sha256: model.sha256,
    created: created.slice(0, 10),
    family: `${modelText(results)} (MobileNetV3, width 0.4${recipe.speech ? ', and a speech embedding in 8-bit integers' : ''}) on mel spectrograms${recipe.init ? ', pretrained on AudioSet' : ''}`,
    inputs: INPUTS,
    output: { name: EMOTION_OUTPUT },
    voice: { name: VOICE_OUTPUT, threshold: results.calibration.voiceThreshold },
    figures: networkFigures(results),
    data: data.map((corpus) => ({
      name: corpus.name,
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
    ...common(results.calibration),
    calibration: calibrationCard(
      results.calibration,
      { temperature: results.calibration.temperature },
      'temperature scaling and threshold on the speech of held-out actors; coverage, accuracy and the expected calibration error (15 bins) are those of each fold at the values of the other folds',
    ),
    sha256: final.sha256,
    created: results.created.slice(0, 10),
    family: FAMILY[chosen].title.toLowerCase(),
    output: { name: OUTPUT_NAME },
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

function common({ threshold }: { readonly threshold: number }) {
  return {
    name: 'undertone',
    version: MODEL_VERSION,
    classes: [...EMOTIONS],
    features: FEATURE_CONFIG,
    threshold,
  };
}

function calibrationCard(
  { coverage, accuracy, errorAfter, curve }: CalibrationFigures,
  { temperature, bias }: { readonly temperature: number; readonly bias?: readonly number[] },
  method: string,
): ModelCard['calibration'] {
  return {
    temperature: round(temperature),
    ...(bias && { bias: bias.map(round) }),
    coverage: round(coverage),
    accuracy: round(accuracy),
    expectedCalibrationError: round(errorAfter),
    method,
    curve: curve.map((point) => ({
      threshold: point.threshold,
      coverage: round(point.coverage),
      accuracy: round(point.accuracy),
    })),
  };
}

/** What matters most comes first: recordings unlike those learned from, then the laboratory. */
function networkFigures(results: NetworkResults): ModelCard['figures'] {
  const { unseen, cremaD, anotherCorpus } = results;
  const numbers = unseen.folds.map(({ fold }) => String(fold));
  const folds = numbers.length === 5 ? 'five folds' : `folds ${listed(numbers)} of five`;
  const pooled = `${folds} by actor, pooled; ${measuredText(results)}`;
  return measured({
    ...Object.fromEntries(
      (anotherCorpus?.corpora ?? []).map(({ name, scores }) => [
        `anotherCorpus ${name}`,
        figures(`another corpus: ${name}, by a model trained on the other corpora`, scores),
      ]),
    ),
    unseenSpeech: figures(`speakers unseen, speech: ${pooled}`, unseen.ensemble.speech),
    unseenSong: figures(`speakers unseen, song: ${pooled}`, unseen.ensemble.song),
    cremaD: figures('CREMA-D, actors 1061–1076 never trained on, six emotions', cremaD?.scores),
    seed: randomFigures(results),
  });
}

function randomFigures({ randomSplit, recipe }: NetworkResults): Figures | null {
  const [first] = randomSplit;
  return figures(
    `random 80/20 split over speech and song, ${averageOf(1, recipe)}; the same speakers in training and test, so too optimistic`,
    first,
  );
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
function limitsOf(results: NetworkResults): string[] {
  const { data, noSpeech } = results;
  const worst = conditionLosses(results)[0];
  const outside = outsideSummary(results);
  return [
    outside &&
      `On recordings unlike those it learned from (corpora left out of training), the mean UAR is ${score(outside.unweightedAverageRecall)}; ${percent(outside.coverage)} are answered, and ${percent(outside.answeredAccuracy)} of the answers are correct.`,
    `Trained on acted emotions: ${listed(data.filter(({ isPlainSpeech }) => !isPlainSpeech).map(({ name, speakers }) => `${name} (${plural(speakers, 'speaker')})`))}. Not trained on spontaneous speech or children.`,
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
  const has = (title: string) => data.some(({ name }) => name === title);
  const nonCommercial = ['RAVDESS', 'nEMO'].filter(has);
  return [
    `${listed(nonCommercial)} ${nonCommercial.length > 1 ? 'allow' : 'allows'} non-commercial use only (CC BY-NC-SA 4.0); whether a model trained on such recordings may be used commercially is unsettled. Assume that it may not.`,
    has('CREMA-D') &&
      'CREMA-D is published under the Open Database License (ODbL 1.0): name it when you pass the model on, and share databases that you derive from it under the same terms.',
    has('ASED') && 'The authors of ASED call it freely available and state no licence.',
  ]
    .filter((sentence) => typeof sentence === 'string')
    .join(' ');
}
