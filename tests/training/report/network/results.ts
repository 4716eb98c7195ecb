import { EMOTIONS } from '../../../../core/model/emotions.ts';
import type { Scores } from '../../../../evaluation/metrics.ts';
import type { NetworkRecipe } from '../../../../training/network/fit.ts';
import type { ActorScores, NetworkResults } from '../../../../training/network/results.ts';
import type { SexScores } from '../../../../training/report/sections/outside.ts';
import { scoresOf } from '../results.ts';

/** UAR and accuracy 0.75; disgust is found in 5 of 10, surprised in all. */
export const SPEECH = scoresOf([8, 8, 7, 7, 8, 7, 5, 10], [2, 2, 3, 3, 2, 3, 5, 0]);
/** UAR and accuracy 0.8 on the six emotions that are sung. */
export const SONG = scoresOf([4, 4, 4, 4, 4, 4, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0]);
/** UAR 0.65: neutral, happy, sad, angry, fearful and disgust. */
export const CREMA_D = scoresOf([6, 0, 7, 6, 7, 6, 7, 0], [4, 0, 3, 4, 3, 4, 3, 0]);
/** UAR and accuracy 0.9. */
export const RANDOM = scoresOf([9, 9, 9, 9, 9, 9, 9, 9], [1, 1, 1, 1, 1, 1, 1, 1]);

const RECIPE: NetworkRecipe = {
  cropRows: 192,
  steps: 4000,
  learningRate: 0.002,
  weightDecay: 0.02,
  dropout: 0.3,
  labelSmoothing: 0.1,
  frozenBlocks: 3,
  votes: 0,
  averaging: 0.995,
};

/** Scores with another UAR. */
function withUar(scores: Scores, unweightedAverageRecall: number): Scores {
  return { ...scores, unweightedAverageRecall };
}

function actor(number: number, uar: number): ActorScores {
  const gender = number > 1000 ? null : number % 2 === 0 ? 'female' : 'male';
  return { actor: number, gender, clips: 60, accuracy: uar + 0.01, unweightedAverageRecall: uar };
}

function curve(name: string, ...uars: readonly (number | null)[]) {
  const points = uars.map((watched, i) => ({ step: (i + 1) * 1000, loss: 2 - i / 4, watched }));
  return { name, points };
}

/** A run with everything in it; names hold what HTML and Markdown must not take for their own. */
export const NETWORK_RESULTS: NetworkResults = {
  created: '2026-03-04T05:06:07.000Z',
  classes: EMOTIONS,
  recipe: {
    fit: RECIPE,
    init: 'ef'.repeat(32),
    speech: null,
    networks: 3,
    members: [11, 12, 13],
    seeds: [11],
  },
  data: [
    {
      name: 'RAVDESS',
      licence: 'CC BY-NC-SA 4.0',
      citation: 'Livingstone & Russo 2018',
      isPlainSpeech: false,
      clips: 110,
      speakers: 6,
      heldOut: { clips: 0, speakers: 0 },
      excluded: [{ id: '03-01', reason: 'silent <img src="https://example.org/x.png"> "&' }],
      byChannel: { speech: [10, 10, 10, 10, 10, 10, 10, 10], song: [5, 5, 5, 5, 5, 5, 0, 0] },
    },
    {
      name: 'CREMA-D',
      licence: 'ODbL 1.0',
      citation: 'Cao et al. 2014',
      isPlainSpeech: false,
      clips: 160,
      speakers: 10,
      heldOut: { clips: 60, speakers: 2 },
      excluded: [],
      byChannel: { speech: [30, 0, 30, 25, 25, 25, 25, 0] },
    },
  ],
  unseen: {
    ensemble: { speech: SPEECH, song: SONG },
    groups: [
      { name: 'women', scores: withUar(SPEECH, 0.771) },
      { name: 'men', scores: withUar(SPEECH, 0.729) },
      { name: 'strong intensity', scores: withUar(SPEECH, 0.802) },
    ],
    actors: [
      [1, 0.81],
      [2, 0.7],
      [3, 0.555],
      [4, 0.9],
      [5, 0.64],
      [6, 0.83],
    ].map(([n, uar]) => actor(n, uar)),
    folds: [
      { fold: 1, actors: [2, 5], uar: 0.73 },
      { fold: 2, actors: [3, 6], uar: 0.72 },
      { fold: 3, actors: [1, 4], uar: 0.77 },
    ],
    coverage: 0.823,
    answeredAccuracy: 0.812,
    expectedCalibrationError: 0.041,
  },
  randomSplit: [{ seed: 11, ...withUar(RANDOM, 0.9) }],
  cremaD: {
    scores: CREMA_D,
    coverage: 0.5,
    answeredAccuracy: 0.7,
    expectedCalibrationError: 0.06,
    listeners: { clips: 41, accuracy: 0.49, unweightedAverageRecall: 0.512 },
    actors: [actor(1061, 0.51), actor(1062, 0.79)],
    groups: [{ name: 'high intensity', scores: withUar(CREMA_D, 0.722) }],
  },
  robustness: [
    { condition: 'clean', unweightedAverageRecall: 0.75, accuracy: 0.751 },
    { condition: 'opus-16', unweightedAverageRecall: 0.739, accuracy: 0.741 },
    { condition: 'noise-10-db', unweightedAverageRecall: 0.687, accuracy: 0.689 },
    { condition: 'gain-minus-40-db', unweightedAverageRecall: 0.754, accuracy: 0.755 },
    { condition: 'under-water', unweightedAverageRecall: 0.7, accuracy: 0.701 },
  ],
  calibration: {
    temperature: 0.876,
    bias: [-0.4, -0.4, 0.1, 0, 0.2, 0.1, 0, 0.1],
    threshold: 0.47,
    voiceThreshold: 0.31,
    targetAccuracy: 0.8,
    coverage: 0.823,
    accuracy: 0.812,
    errorBefore: 0.091,
    errorAfter: 0.032,
    curve: [
      { threshold: 0, coverage: 1, accuracy: 0.75 },
      { threshold: 0.4, coverage: 0.9, accuracy: 0.781 },
      { threshold: 0.6, coverage: 0.6, accuracy: 0.876 },
      { threshold: 0.95, coverage: 0, accuracy: 0 },
    ],
    reliability: Array.from({ length: 15 }, (_, i) => ({
      ...{ from: i / 15, to: (i + 1) / 15, clips: i < 2 ? 0 : 10 * i + 3 },
      ...{ confidence: i < 2 ? 0 : (i + 0.5) / 15, accuracy: i < 2 ? 0 : (i + 1 - i / 14) / 15 },
    })),
  },
  noSpeech: [
    { name: 'dog-bark', clips: 300, refused: 297 },
    { name: 'sneeze', clips: 100, refused: 93 },
    { name: 'made: melody', clips: 20, refused: 20 },
    { name: 'RAVDESS speech', clips: 80, refused: 1 },
    { name: 'CREMA-D, actors kept apart', clips: 120, refused: 2 },
  ],
  timeline: { notes: 48, seconds: 1230, timeWeightedAccuracy: 0.713, withoutSmoothing: 0.684 },
  curves: [
    curve('fold 1, seed 11', 0.4, 0.6, 0.71),
    curve('fold 2, seed 11', 0.3, 0.55, 0.7),
    curve('everything, seed 11', null, null),
    curve('random split, seed 11', 0.5, 0.8, 0.9),
    curve('never begun'),
  ],
  model: { bytes: 3_145_728, sha256: 'cd'.repeat(32), parameters: 675_432 },
};

/** The least that a run measures: one fold, speech alone, no other corpus, nothing beside. */
export const BARE_RESULTS: NetworkResults = {
  ...NETWORK_RESULTS,
  recipe: { fit: RECIPE, init: null, speech: null, networks: 1, members: [11], seeds: [11] },
  data: [NETWORK_RESULTS.data[0]].map((corpus) => ({ ...corpus, excluded: [] })),
  unseen: {
    ...NETWORK_RESULTS.unseen,
    ensemble: { speech: SPEECH, song: null },
    groups: [],
    actors: [],
    folds: [{ fold: 1, actors: [2, 5], uar: 0.75 }],
  },
  randomSplit: [],
  cremaD: null,
  noSpeech: [],
  timeline: null,
  curves: [],
  robustness: [NETWORK_RESULTS.robustness[0]],
  calibration: { ...NETWORK_RESULTS.calibration, curve: [], reliability: [] },
};

/** Not even that: no folds, no data. */
export const EMPTY_RESULTS: NetworkResults = {
  ...BARE_RESULTS,
  data: [],
  unseen: { ...BARE_RESULTS.unseen, folds: [] },
  robustness: [],
};

/** A full run with what was measured outside the laboratory as well. */
export const OUTSIDE_RESULTS: NetworkResults = {
  ...NETWORK_RESULTS,
  hours: 2.54,
  anotherCorpus: {
    threshold: 0.7,
    targetAccuracy: 0.75,
    corpora: [
      {
        name: 'ASED',
        speakers: 65,
        // UAR 0.5 on the five emotions that it shares.
        scores: scoresOf([5, 0, 5, 5, 5, 5, 0, 0], [5, 0, 5, 5, 5, 5, 0, 0]),
        bySex: [sexScores('female', 20, 0.56), sexScores('male', 30, 0.44)],
        expectedCalibrationError: 0.09,
        coverage: 0.3,
        answeredAccuracy: 0.8,
      },
      {
        name: 'CREMA-D',
        speakers: 91,
        // UAR 0.6 on the six emotions that it shares.
        scores: scoresOf([6, 0, 6, 6, 6, 6, 6, 0], [4, 0, 4, 4, 4, 4, 4, 0]),
        bySex: [sexScores('female', 60, 0.6)],
        expectedCalibrationError: 0.05,
        coverage: 29 / 60,
        answeredAccuracy: 21 / 29,
        listeners: { clips: 41, accuracy: 0.49, unweightedAverageRecall: 0.512 },
      },
    ],
  },
  plainSpeech: [
    {
      corpus: 'speechocean762',
      clips: 500,
      speakers: 65,
      verdicts: { neutral: 0.45, calm: 0.15, uncertain: 0.38, angry: 0.012, disgust: 0.008 },
    },
  ],
  bySex: [
    {
      name: 'RAVDESS speech',
      bySex: [sexScores('female', 40, 0.77), sexScores('male', 40, 0.6)],
    },
  ],
};

function sexScores(sex: SexScores['sex'], clips: number, uar: number): SexScores {
  return { sex, clips, accuracy: uar + 0.01, unweightedAverageRecall: uar };
}
