import type { Scores } from '../metrics.ts';
import { details, figure, type Pair, pair, table } from './blocks.ts';
import { percent, plural, score, whole } from './format.ts';
import { confusionPlot, occurring } from './plots/confusion.ts';
import { dotPlot } from './plots/rows.ts';

export const MEASURES: readonly (readonly [string, string])[] = [
  ['Accuracy', 'the share of recordings that are classified correctly.'],
  [
    'UAR',
    'unweighted average recall: the recall of each emotion, averaged over the emotions, so that a frequent one counts no more than a rare one. Guessing among eight emotions gives 0.125.',
  ],
  [
    'F1',
    'the harmonic mean of precision and recall; macro: averaged over the emotions; weighted: by how often they occur.',
  ],
  [
    'ECE',
    'expected calibration error: the mean gap between confidence and accuracy over 15 bins of confidence.',
  ],
];

/** Confusion matrix and per-class figures; ids of the plots end in `suffix`. */
export function scoresBlock(
  { confusion, perClass }: Scores,
  { suffix, of, classes }: { suffix: string; of: string; classes: readonly string[] },
): Pair {
  const { rows, columns } = occurring(confusion);
  const mistakes = mistakesText(confusion, classes);
  const matrix = confusionPlot({
    id: `confusion${suffix}`,
    title: `Confusion matrix, ${of}`,
    description: `Recordings by their label and by the emotion that was predicted. ${mistakes}`,
    classes,
    confusion,
  });
  const matrixTable = table(
    `Confusion matrix, ${of}: labels in rows, predictions in columns`,
    ['Label', ...columns.map((j) => classes[j])],
    rows.map((i) => [classes[i], ...columns.map((j) => whole(confusion[i][j]))]),
  );
  const labelled = [...perClass.keys()].filter((i) => perClass[i].support > 0);
  const scores = dotPlot({
    id: `emotions${suffix}`,
    title: `Scores of each emotion, ${of}`,
    series: [
      { name: 'recall', shape: 'circle' },
      { name: 'precision', shape: 'triangle' },
      { name: 'F1', shape: 'diamond' },
    ],
    rows: labelled.map((i) => {
      const { precision, recall, f1 } = perClass[i];
      return { label: classes[i], values: [[recall], [precision], [f1]] };
    }),
    axis: 'share',
  });
  const scoresTable = table(
    `Precision, recall and F1 of each emotion, ${of}`,
    ['Emotion', 'Precision', 'Recall', 'F1', 'Recordings'],
    labelled.map((i) => {
      const { precision, recall, f1, support } = perClass[i];
      return [classes[i], score(precision), score(recall), score(f1), whole(support)];
    }),
  );
  return pair(
    [figure(matrix, mistakes), details('The matrix as a table', matrixTable)],
    [
      figure(
        scores,
        'Recall above precision: predicted too often. Precision above recall: predicted too rarely.',
      ),
      scoresTable,
    ],
  );
}

/** One emotion that was predicted where another is the label. */
export interface Mistake {
  readonly label: string;
  readonly predicted: string;
  readonly count: number;
  /** Of the recordings with that label. */
  readonly share: number;
}

/** Returns the mistakes in a matrix of labels × predictions, the most frequent first. */
export function mistakesIn(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
): Mistake[] {
  return confusion
    .flatMap((row, i) => {
      const total = row.reduce((a, b) => a + b, 0);
      return row.map((count, j) => ({
        label: classes[i],
        predicted: classes[j],
        count,
        share: count / total,
      }));
    })
    .filter(({ label, predicted, count }) => label !== predicted && count > 0)
    .sort((a, b) => b.count - a.count);
}

/** @example mistakeText(mistake); // 'sad classified as calm (12 times, 6% of sad)' */
export function mistakeText({ label, predicted, count, share }: Mistake): string {
  return `${label} classified as ${predicted} (${plural(count, 'time')}, ${percent(share)} of ${label})`;
}

/** Returns the three most frequent mistakes in words. */
export function mistakesText(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
): string {
  const mistakes = mistakesIn(confusion, classes).slice(0, 3).map(mistakeText);
  return mistakes.length > 0 ? `Most frequent mistakes: ${mistakes.join('; ')}.` : 'No mistakes.';
}
