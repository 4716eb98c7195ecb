import type { NetworkResults } from '../../../network/results.ts';
import { figure, table } from '../../blocks.ts';
import { percent, score, whole } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { coveragePlot } from '../../plots/coverage.ts';
import { reliabilityPlot } from '../../plots/reliability.ts';
import { NOT_MEASURED } from '../wording.ts';

/** How far the confidence can be believed, and what is gained by saying "uncertain". */
export function confidenceReport({ calibration }: NetworkResults): Markup {
  const { threshold, targetAccuracy, coverage, accuracy, accuracyAt70 } = calibration;
  const { temperature, errorBefore, errorAfter, reliability, curve } = calibration;
  const missing = (heading: string) =>
    markup`<div><p class="heading">${heading}</p><p class="aside">${NOT_MEASURED}</p></div>`;
  return markup`<section id="confidence"><h2>Confidence and “uncertain”</h2>
<p>Below a confidence of ${percent(threshold, 0)} the answer is “uncertain”. So ${percent(coverage)} of the recordings of strangers are answered, and ${percent(accuracy)} of those rightly; ${percent(targetAccuracy, 0)} was aimed at. Of the most confident 70%, ${percent(accuracyAt70)} are right. Each fold was judged with the temperature and the threshold of the other folds’ actors.</p>
<div class="pair">
${
  reliability.length > 0
    ? figure(
        'Reliability',
        reliabilityPlot(reliability),
        'A bar that ends at its line tells the truth about itself; one that ends below is overconfident. Bins with few recordings say little.',
      )
    : missing('Reliability')
}
${
  curve.length > 0
    ? figure(
        'Accuracy against coverage',
        coveragePlot(calibration),
        'To the left fewer recordings are answered and more of the answers are right. Small figures are thresholds.',
      )
    : missing('Accuracy against coverage')
}
</div>
${table({
  caption: 'Calibration by temperature scaling, on speakers unseen',
  head: ['Measure', 'Before', 'After'],
  rows: [
    ['Expected calibration error, 15 bins', score(errorBefore), score(errorAfter)],
    ['Temperature', '1.000', score(temperature)],
  ],
})}
<details><summary>Both figures as tables</summary>
${table({
  caption: 'Confidence and accuracy in each bin',
  head: ['Confidence', 'Recordings', 'Mean confidence', 'Right'],
  rows: reliability.map(({ from, to, clips, confidence, accuracy: right }) => [
    `${percent(from)} to ${percent(to)}`,
    whole(clips),
    percent(clips > 0 ? confidence : null),
    percent(clips > 0 ? right : null),
  ]),
})}
${table({
  caption: 'Coverage and accuracy at each threshold',
  head: ['Threshold', 'Answered', 'Right of those'],
  rows: curve.map((point) => [
    percent(point.threshold, 0),
    percent(point.coverage),
    percent(point.coverage > 0 ? point.accuracy : null),
  ]),
})}</details></section>`;
}
