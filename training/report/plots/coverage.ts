import { isFigure, percent } from '../format.ts';
import { linePlot } from './lines.ts';
import type { Plot } from './svg.ts';

/** Below this share of answers an accuracy rests on too few recordings to be drawn. */
const LEAST_COVERAGE = 0.02;

/** What the curve is drawn from; all are shares of 1. */
export interface Coverage {
  readonly threshold: number;
  readonly targetAccuracy: number;
  /** At the threshold. */
  readonly coverage: number;
  readonly accuracy: number;
  readonly curve: readonly {
    readonly threshold: number;
    readonly coverage: number;
    readonly accuracy: number;
  }[];
}

/** Returns accuracy against coverage, some thresholds written on the curve, the chosen one marked. */
export function coveragePlot(calibration: Coverage): Plot {
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
