import type { Scores } from '../../pipeline/protocols.ts';
import { figure, table } from '../blocks.ts';
import { percent, plural, score, whole } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { confusionPlot } from '../plots/confusion.ts';
import { dotPlot } from '../plots/dots.ts';

/** Confusion matrix and per-class figures of one candidate under one protocol. */
export function scoresReport(
  scores: Scores,
  { id, of, classes }: { id: string; of: string; classes: readonly string[] },
): Markup {
  const { confusion, perClass } = scores;
  const mistakes = mistakesText(confusion, classes);
  const confusionText = {
    id: `${id}-confusion`,
    title: `Confusion matrix, ${of}`,
    description: `Recordings by the emotion that was acted and the one that was heard. ${mistakes}`,
  };
  return markup`<div class="pair"><div>
${figure('Confusion matrix', confusionPlot({ ...confusionText, classes, confusion }), mistakes)}
<details><summary>The matrix as a table</summary>
${table({
  caption: `Confusion matrix, ${of}: rows are what was acted, columns what was heard`,
  head: ['Acted', ...classes],
  rows: confusion.map((row, i) => [classes[i], ...row.map(whole)]),
})}</details></div><div>
${figure(
  'Precision, recall and F1 of each emotion',
  classPlot(perClass, { id, of, classes }),
  'Recall above precision: said too readily. Precision above recall: said too rarely.',
)}
${table({
  caption: `Precision, recall and F1 of each emotion, ${of}`,
  head: ['Emotion', 'Precision', 'Recall', 'F1', 'Recordings'],
  rows: classes.map((name, i) => {
    const { precision, recall, f1, support } = perClass[i];
    return [name, score(precision), score(recall), score(f1), whole(support)];
  }),
})}</div></div>`;
}

function classPlot(
  perClass: Scores['perClass'],
  { id, of, classes }: { id: string; of: string; classes: readonly string[] },
): Markup {
  return dotPlot({
    id: `${id}-classes`,
    title: `Precision, recall and F1 of each emotion, ${of}`,
    description: classes
      .map((name, i) => {
        const { precision, recall, f1 } = perClass[i];
        return `${name}: precision ${score(precision)}, recall ${score(recall)}, F1 ${score(f1)}.`;
      })
      .join(' '),
    series: [
      { name: 'recall', shape: 'circle' },
      { name: 'precision', shape: 'triangle' },
      { name: 'F1', shape: 'diamond' },
    ],
    rows: classes.map((label, i) => {
      const { precision, recall, f1, support } = perClass[i];
      return { label, values: support > 0 ? [[recall], [precision], [f1]] : [[], [], []] };
    }),
    domain: [0, 1],
    axis: 'share',
    labelWidth: 96,
  });
}

/** Returns the three most frequent mistakes in words. */
function mistakesText(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
): string {
  const mistakes = confusion
    .flatMap((row, i) => {
      const total = row.reduce((a, b) => a + b, 0);
      return row.map((count, j) => ({ i, j, count, total }));
    })
    .filter(({ i, j, count }) => i !== j && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 3)
    .map(
      ({ i, j, count, total }) =>
        `${classes[i]} heard as ${classes[j]} (${plural(count, 'time')}, ${percent(count / total, 0)} of ${classes[i]})`,
    );
  return mistakes.length > 0 ? `Most frequent mistakes: ${mistakes.join('; ')}.` : 'No mistakes.';
}
