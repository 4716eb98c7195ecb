import { figure, table } from '../blocks.ts';
import { chosenOf, isFigure, percent, score } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { linePlot } from '../plots/lines.ts';
import type { Results } from '../results.ts';

/** Below this share of answers an accuracy rests on too few recordings to be drawn. */
const LEAST_COVERAGE = 0.02;

/** How far the confidence can be believed, and what is gained by saying "uncertain". */
export function calibrationReport(results: Results): Markup {
  const { calibration } = results;
  const { temperature, threshold, targetAccuracy, coverage, accuracy } = calibration;
  const { errorBefore, errorAfter, curve } = calibration;
  return markup`<section id="calibration"><h2>Confidence and “uncertain”</h2>
<p>${chosenOf(results).title}: below a confidence of ${percent(threshold, 0)} the answer is “uncertain”. So ${percent(coverage)} of the recordings of strangers are answered, and ${percent(accuracy)} of those rightly; ${percent(targetAccuracy, 0)} was aimed at. Each fold was judged with the temperature and the threshold of the other folds’ actors.</p>
<div class="pair">
${figure('Accuracy against coverage', curvePlot(results), 'To the left fewer recordings are answered and more of the answers are right. Small figures are thresholds.')}
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

function curvePlot({ calibration }: Results): Markup {
  const { curve, threshold, targetAccuracy, coverage, accuracy } = calibration;
  // Thresholds that leave the same recordings answered are one point.
  const points = curve.filter(
    (point, i) =>
      point.coverage >= LEAST_COVERAGE &&
      isFigure(point.accuracy) &&
      point.coverage !== curve[i + 1]?.coverage,
  );
  const lowest = Math.min(targetAccuracy, accuracy, ...points.map((point) => point.accuracy));
  const labels = points.flatMap((point, i) =>
    Math.round(point.threshold * 100) % 20 === 0 ? [[i, percent(point.threshold, 0)]] : [],
  );
  return linePlot({
    id: 'coverage',
    title: 'Accuracy of what is answered against the share that is answered',
    description: `${points
      .map(
        (point) =>
          `Threshold ${percent(point.threshold, 0)}: ${percent(point.coverage)} answered, ${percent(point.accuracy)} right.`,
      )
      .join(
        ' ',
      )} Chosen threshold ${percent(threshold, 0)}: ${percent(coverage)} answered, ${percent(accuracy)} right.`,
    lines:
      points.length > 0
        ? [
            {
              points: points.map((point) => [point.coverage, point.accuracy]),
              labels: Object.fromEntries(labels),
            },
          ]
        : [],
    x: { domain: [0, 1], name: 'share answered', format: (value) => percent(value, 0) },
    y: {
      domain: [Math.floor(Math.max(0, lowest - 0.05) * 10) / 10, 1],
      name: 'right, of what is answered',
      format: (value) => percent(value, 0),
    },
    level: { y: targetAccuracy, label: `aimed at: ${percent(targetAccuracy, 0)}` },
    marked: {
      at: [coverage, accuracy],
      label: `threshold ${percent(threshold, 0)}: ${percent(coverage, 0)} answered, ${percent(accuracy, 0)} right`,
    },
  });
}
