import type { Scores } from '../../metrics.ts';
import { figure, table } from '../blocks.ts';
import { score, whole } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { mistakesText } from '../mistakes.ts';
import { confusionPlot, occurring } from '../plots/confusion.ts';
import { dotPlot } from '../plots/dots.ts';

/** Confusion matrix and per-class figures of one candidate under one protocol. */
export function scoresReport(
  scores: Scores,
  { id, of, classes }: { id: string; of: string; classes: readonly string[] },
): Markup {
  const { confusion, perClass } = scores;
  const mistakes = mistakesText(confusion, classes);
  const { rows, columns } = occurring(confusion);
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
  head: ['Acted', ...columns.map((j) => classes[j])],
  rows: rows.map((i) => [classes[i], ...columns.map((j) => whole(confusion[i][j]))]),
})}</details></div><div>
${figure(
  'Precision, recall and F1 of each emotion',
  classPlot(perClass, { id, of, classes }),
  'Recall above precision: said too readily. Precision above recall: said too rarely.',
)}
${table({
  caption: `Precision, recall and F1 of each emotion, ${of}`,
  head: ['Emotion', 'Precision', 'Recall', 'F1', 'Recordings'],
  rows: rows.map((i) => {
    const { precision, recall, f1, support } = perClass[i];
    return [classes[i], score(precision), score(recall), score(f1), whole(support)];
  }),
})}</div></div>`;
}

function classPlot(
  perClass: Scores['perClass'],
  { id, of, classes }: { id: string; of: string; classes: readonly string[] },
): Markup {
  const acted = [...perClass.keys()].filter((i) => perClass[i].support > 0);
  return dotPlot({
    id: `${id}-classes`,
    title: `Precision, recall and F1 of each emotion, ${of}`,
    description: acted
      .map((i) => {
        const { precision, recall, f1 } = perClass[i];
        return `${classes[i]}: precision ${score(precision)}, recall ${score(recall)}, F1 ${score(f1)}.`;
      })
      .join(' '),
    series: [
      { name: 'recall', shape: 'circle' },
      { name: 'precision', shape: 'triangle' },
      { name: 'F1', shape: 'diamond' },
    ],
    rows: acted.map((i) => {
      const { precision, recall, f1 } = perClass[i];
      return { label: classes[i], values: [[recall], [precision], [f1]] };
    }),
    domain: [0, 1],
    axis: 'share',
    labelWidth: 96,
  });
}
