import type { CalibrationFigures, ReliabilityBin } from '../../calibration.ts';
import { type Blocks, details, figure, notMeasured, pair, type Section, table } from '../blocks.ts';
import { percent, score, whole } from '../format.ts';
import { coveragePlot, reliabilityPlot } from '../plots/calibration.ts';

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
  const { errorBefore, errorAfter, curve, accuracyAt70, reliability } = calibration;
  const top =
    accuracyAt70 === undefined
      ? ''
      : ` Of the most confident 70%, ${percent(accuracyAt70)} are classified correctly.`;
  const thresholds = () =>
    table(
      'Coverage and accuracy at each threshold',
      ['Threshold', 'Answered', 'Correct answers'],
      curve.map((point) => [
        percent(point.threshold),
        percent(point.coverage, 1),
        percent(point.coverage > 0 ? point.accuracy : null, 1),
      ]),
    );
  return {
    id: 'confidence',
    title: 'Confidence and coverage',
    blocks: [
      `Below a confidence of ${percent(threshold)} the verdict is \`uncertain\`. The model answers ${percent(coverage)} of ${recordings}, and ${percent(accuracy)} of its answers are correct; the target is ${percent(targetAccuracy)}.${top} Each ${unit} is judged at the temperature and the threshold of ${others}.`,
      `Temperature scaling (Guo et al. 2017)${unit === 'corpus' ? ', with a bias for each emotion (Alexandari et al. 2020),' : ''} with T = ${score(temperature)} changes the expected calibration error from ${score(errorBefore)} to ${score(errorAfter)}.`,
      pair(
        ...(reliability ? [reliabilityBlocks(reliability)] : []),
        curve.length > 0
          ? [
              figure(
                coveragePlot(calibration),
                'To the left, fewer recordings are answered and more of the answers are correct. The small figures are thresholds.',
              ),
              details('The curve as a table', thresholds()),
            ]
          : [notMeasured('Coverage')],
      ),
    ],
  };
}

function reliabilityBlocks(bins: readonly ReliabilityBin[]): Blocks {
  if (bins.length === 0) return [notMeasured('Reliability')];
  const binned = table(
    'Confidence and accuracy in each bin',
    ['Confidence', 'Recordings', 'Mean confidence', 'Correct'],
    bins
      .filter(({ clips }) => clips > 0)
      .map(({ from, to, clips, confidence, accuracy }) => [
        `${percent(from)} to ${percent(to)}`,
        whole(clips),
        percent(confidence, 1),
        percent(accuracy, 1),
      ]),
  );
  return [
    figure(
      reliabilityPlot(bins),
      'A bar that ends at its line is well calibrated; one that ends below it is overconfident. Bins with few recordings say little.',
    ),
    details('The reliability diagram as a table', binned),
  ];
}
