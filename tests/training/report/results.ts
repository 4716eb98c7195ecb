import { EMOTIONS } from '../../../core/model/emotions.ts';
import { classificationReport, type Scores } from '../../../evaluation/metrics.ts';
import type { Parameters } from '../../../training/baselines/families.ts';
import type { Trial } from '../../../training/baselines/protocols.ts';
import type { CandidateResults, Results } from '../../../training/baselines/results.ts';

/** Scores of a confusion matrix where class i has `hits[i]` right and `misses[i]` taken for the next. */
export function scoresOf(hits: readonly number[], misses: readonly number[]): Scores {
  const confusion = EMOTIONS.map((_, i) =>
    EMOTIONS.map((_, j) => (i === j ? hits[i] : j === (i + 1) % 8 ? misses[i] : 0)),
  );
  const expected = confusion.flatMap((row, i) => row.flatMap((n) => Array<number>(n).fill(i)));
  const said = confusion.flatMap((row) => row.flatMap((n, j) => Array<number>(n).fill(j)));
  return { clips: said.length, ...classificationReport(expected, said, 8), confusion };
}

const EIGHT = [1, 1, 1, 1, 1, 1, 1, 1];
/** UAR (1 + 6 × 0.5 + 0.1) / 8 = 0.5125; accuracy 26 / 50 = 0.52. */
const SPEECH = scoresOf([10, 5, 2, 2, 2, 2, 2, 1], [0, 5, 2, 2, 2, 2, 2, 9]);
/** UAR and accuracy 0.25. */
const WEAK_SPEECH = scoresOf(EIGHT, [3, 3, 3, 3, 3, 3, 3, 3]);
/** UAR and accuracy 0.75 on the six emotions that are sung. */
const SONG = scoresOf([3, 3, 3, 3, 3, 3, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0]);
/** UAR and accuracy 0.9. */
const SEED = scoresOf([9, 9, 9, 9, 9, 9, 9, 9], EIGHT);

const GRID: readonly Parameters[] = [
  { hidden: [8, 4], dropout: 0.4 },
  { hidden: [8, 4], dropout: 0.6 },
];

function trial(scores: Scores, testActors: readonly number[], fields: Partial<Trial> = {}): Trial {
  return {
    parameters: GRID[0],
    search: [],
    featureImportances: null,
    learningCurve: null,
    testActors,
    scores,
    ...fields,
  };
}

function search(base: number): Trial['search'] {
  return GRID.map((parameters, i) => {
    const meanScore = base + i / 100;
    return { parameters, scores: [meanScore, meanScore], meanScore };
  });
}

const FOREST: CandidateResults = {
  family: 'forest',
  title: 'Trees & <i>shrubs</i>',
  searchKind: 'grid',
  seed: trial(SEED, [1, 2], { featureImportances: [0.2, 0.5, 0.3] }),
  unseen: {
    folds: [
      trial(WEAK_SPEECH, [1], { featureImportances: [0.2, 0.5, 0.3] }),
      trial(SPEECH, [2], { featureImportances: [0.3, 0.6, 0.1] }),
    ],
    speech: WEAK_SPEECH,
    song: SONG,
  },
};

const MLP: CandidateResults = {
  family: 'mlp',
  title: 'Perceptron',
  searchKind: 'grid',
  seed: trial(SEED, [1, 2], { search: search(0.81), learningCurve: [2.1, 1.4, 0.9] }),
  unseen: {
    folds: [
      trial(SPEECH, [1], { search: search(0.41), learningCurve: [2.2, 1.5, 1] }),
      trial(WEAK_SPEECH, [2], { search: search(0.43), parameters: GRID[1], learningCurve: [2, 1] }),
    ],
    speech: SPEECH,
    song: SONG,
  },
};

/** A small run with everything in it; names hold what HTML must not take for its own. */
export const RESULTS: Results = {
  created: '2026-03-04T05:06:07.000Z',
  options: { seed: 1234, isQuick: false, families: ['forest', 'mlp'] },
  minutes: 7.25,
  classes: EMOTIONS,
  featureNames: ['pitch mean', '<script>alert("x")</script>', 'level'],
  data: {
    clips: 74,
    excluded: [{ id: '03-01', reason: 'silent <img src="https://example.org/x.png"> "&' }],
    others: 3,
    byChannel: { speech: [10, 10, 4, 4, 4, 4, 4, 10], song: [4, 4, 4, 4, 4, 4, 0, 0] },
    byActor: { 1: [7, 7, 4, 4, 4, 4, 2, 5], 2: [7, 7, 4, 4, 4, 4, 2, 5] },
    byIntensity: { normal: [14, 7, 4, 4, 4, 4, 2, 5], strong: [0, 7, 4, 4, 4, 4, 2, 5] },
    durations: [2.91, 3.5, 4.07, 4.5, 6.31],
    speechDurations: [1.11, 1.8, 2.35, 2.8, 5.12],
  },
  candidates: [FOREST, MLP],
  chosen: 'mlp',
  final: {
    parameters: GRID[1],
    search: search(0.47),
    featureImportances: null,
    modelBytes: 20_480,
    sha256: 'ab'.repeat(32),
  },
  calibration: {
    temperature: 1.234,
    threshold: 0.37,
    targetAccuracy: 0.6,
    coverage: 0.713,
    accuracy: 0.628,
    errorBefore: 0.091,
    errorAfter: 0.032,
    curve: [
      { threshold: 0, coverage: 1, accuracy: 0.52 },
      { threshold: 0.4, coverage: 0.6, accuracy: 0.653 },
      { threshold: 0.8, coverage: 0.2, accuracy: 0.876 },
      { threshold: 0.9, coverage: 0, accuracy: 0 },
    ],
  },
};

/** A quick run on speech alone: no song, no search, no learning curve, no importances. */
export const BARE: Results = {
  ...RESULTS,
  options: { seed: 1, isQuick: true, families: ['mlp'] },
  data: {
    ...RESULTS.data,
    excluded: [],
    others: 0,
    byChannel: { speech: RESULTS.data.byChannel.speech },
  },
  candidates: [
    {
      ...MLP,
      seed: trial(SEED, [1, 2]),
      unseen: {
        folds: [trial(SPEECH, [1]), trial(WEAK_SPEECH, [2])],
        speech: SPEECH,
        song: null,
      },
    },
  ],
  final: { ...RESULTS.final, search: [] },
};

/** A run on song alone, whose searches had too few actors for inner folds: JSON made null of NaN. */
export const SONG_ONLY: Results = {
  ...RESULTS,
  data: { ...RESULTS.data, byChannel: { song: RESULTS.data.byChannel.song } },
  candidates: RESULTS.candidates.map((candidate) => {
    const search = GRID.map((parameters) => ({
      ...{ parameters, scores: [] },
      meanScore: null as unknown as number,
    }));
    const folds = candidate.unseen.folds.map((fold) => ({ ...fold, search }));
    return { ...candidate, unseen: { folds, speech: null, song: SONG } };
  }),
};
