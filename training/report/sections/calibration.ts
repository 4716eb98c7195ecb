import type { Results } from '../../baselines/results.ts';
import { figure, table } from '../blocks.ts';
import { chosenOf, percent, score } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { coveragePlot } from '../plots/coverage.ts';

/** How far the confidence can be believed, and what is gained by saying "uncertain". */
export function calibrationReport(results: Results): Markup {
  const { calibration } = results;
  const { temperature, threshold, targetAccuracy, coverage, accuracy } = calibration;
  const { errorBefore, errorAfter, curve } = calibration;
  return markup`<section id="calibration"><h2>Confidence and “uncertain”</h2>
<p>${chosenOf(results).title}: below a confidence of ${percent(threshold, 0)} the answer is “uncertain”. So ${percent(coverage)} of the recordings of strangers are answered, and ${percent(accuracy)} of those rightly; ${percent(targetAccuracy, 0)} was aimed at. Each fold was judged with the temperature and the threshold of the other folds’ actors.</p>
<div class="pair">
${figure('Accuracy against coverage', coveragePlot(calibration), 'To the left fewer recordings are answered and more of the answers are right. Small figures are thresholds.')}
<div>
${table({
  caption: 'Calibration by temperature scaling, on speakers unseen',
  head: ['Measure', 'Before', 'After'],
  rows: [
    ['Expected calibration error', score(errorBefore), score(errorAfter)],
    ['Temperature', '1.000', score(temperature)],
  ],
})}
<details><summary>The curve as a table</summary>
${table({
  caption: 'Coverage and accuracy at each threshold',
  head: ['Threshold', 'Answered', 'Right of those'],
  rows: curve.map((point) => [
    percent(point.threshold, 0),
    percent(point.coverage),
    point.coverage > 0 ? percent(point.accuracy) : percent(null),
  ]),
})}</details></div></div></section>`;
}
