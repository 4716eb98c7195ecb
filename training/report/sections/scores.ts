import type { CalibrationFigures } from '../../../evaluation/calibration.ts';
import type { Scores } from '../../../evaluation/metrics.ts';
import type { RowGroup, Section } from '../../../evaluation/report/blocks.ts';
import { calibrationPictures } from '../../../evaluation/report/calibration.ts';
import { percent, score, spreadOf, spreadText, whole } from '../../../evaluation/report/format.ts';

/** How training and test recordings were kept apart. */
export const PROTOCOLS = {
  unseenSpeech: {
    name: 'Speakers unseen, speech',
    meaning:
      'Five folds by actor: every recording is classified by a model that was not trained on its speaker, and the predictions of all folds are pooled.',
  },
  unseenSong: {
    name: 'Speakers unseen, song',
    meaning:
      'The same folds and models, tested on song. This corpus has fewer emotions in song, and they are easier to tell apart, so these figures say little about voice notes.',
  },
  cremaD: {
    name: 'CREMA-D, actors 1061–1076',
    meaning:
      'Speakers of a corpus whose other actors are trained on, in other rooms and with other sentences. The model that ships chooses among six emotions.',
  },
  seed: {
    name: 'Random 80/20 split, speech and song',
    meaning:
      'Too optimistic: the same speakers are in training and test, so a model can recognise the voice. Given only for comparison with projects that report it.',
  },
} as const;

export type Protocol = keyof typeof PROTOCOLS;

const MEASURED = [
  ['Accuracy', 'accuracy'],
  ['UAR', 'unweightedAverageRecall'],
  ['Weighted F1', 'weightedF1'],
  ['Macro F1', 'macroF1'],
] as const;

/** The head of a table whose rows are `scoresRow`s. */
export const SCORES_HEAD = ['Model', 'Recordings', ...MEASURED.map(([name]) => name)] as const;

/** Returns a row of the table of protocols: mean and deviation where there are several scores. */
export function scoresRow(
  model: string,
  scores: readonly (Scores | null | undefined)[],
): readonly string[] {
  const counts = scores.flatMap((each) => (each ? [each.clips] : []));
  return [
    model,
    counts.length > 0 ? whole(Math.max(...counts)) : score(null),
    ...MEASURED.map(([, key]) => spreadText(spreadOf(scores.map((each) => each?.[key])))),
  ];
}

export function protocolRows(protocol: Protocol, rows: RowGroup['rows']): RowGroup {
  return { ...PROTOCOLS[protocol], rows };
}

/** What was held out of training: actors, or whole corpora. */
const HELD_OUT = {
  fold: { recordings: 'the recordings of unseen speakers', others: 'the other folds' },
  corpus: { recordings: 'corpora left out of training', others: 'the other corpora' },
} as const;

/** How well confidence matches accuracy, and what is gained by answering "uncertain". */
export function calibrationSection(
  calibration: CalibrationFigures,
  unit: keyof typeof HELD_OUT = 'fold',
): Section {
  const { recordings, others } = HELD_OUT[unit];
  const { temperature, threshold, targetAccuracy, coverage, accuracy } = calibration;
  const { errorBefore, errorAfter, accuracyAt70 } = calibration;
  const top =
    accuracyAt70 === undefined
      ? ''
      : ` Of the most confident 70%, ${percent(accuracyAt70)} are classified correctly.`;
  return {
    id: 'confidence',
    title: 'Confidence and coverage',
    blocks: [
      `Below a confidence of ${percent(threshold)} the verdict is \`uncertain\`. The model answers ${percent(coverage)} of ${recordings}, and ${percent(accuracy)} of its answers are correct; the target is ${percent(targetAccuracy)}.${top} Each ${unit} is judged at the temperature and the threshold of ${others}.`,
      `Temperature scaling (Guo et al. 2017)${unit === 'corpus' ? ', with a bias for each emotion (Alexandari et al. 2020),' : ''} with T = ${score(temperature)} changes the expected calibration error from ${score(errorBefore)} to ${score(errorAfter)}.`,
      calibrationPictures(calibration),
    ],
  };
}
