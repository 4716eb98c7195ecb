import type { ReliabilityBin } from '../calibration.ts';
import { type Blocks, details, figure, notMeasured, type Pair, pair, table } from './blocks.ts';
import { percent, whole } from './format.ts';
import { type Coverage, coveragePlot, reliabilityPlot } from './plots/calibration.ts';

/** The reliability diagram and the coverage curve, each with its table. */
export function calibrationPictures(
  calibration: Coverage & { readonly reliability?: readonly ReliabilityBin[] },
): Pair {
  const { curve, reliability } = calibration;
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
  return pair(
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
  );
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
