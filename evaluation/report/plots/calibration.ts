import type { ReliabilityBin } from '../../calibration.ts';
import { isFigure, percent, plural, whole } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { linePlot } from './lines.ts';
import { linear, type Plot, svg, ticks, xAxis } from './svg.ts';

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
    Math.round(point.threshold * 100) % 20 === 0 ? [[i, percent(point.threshold)]] : [],
  );
  return linePlot({
    id: 'coverage',
    title: 'Accuracy of the answers against the share of recordings answered',
    description: `${points
      .map(
        (point) =>
          `Threshold ${percent(point.threshold)}: ${percent(point.coverage)} answered, ${percent(point.accuracy)} correct.`,
      )
      .join(
        ' ',
      )} Chosen threshold ${percent(threshold)}: ${percent(coverage)} answered, ${percent(accuracy)} correct.`,
    lines:
      points.length > 0
        ? [
            {
              points: points.map((point) => [point.coverage, point.accuracy]),
              labels: Object.fromEntries(labels),
            },
          ]
        : [],
    x: { domain: [0, 1], name: 'share answered', format: (value) => percent(value) },
    y: {
      domain: [Math.floor(Math.max(0, lowest - 0.05) * 10) / 10, 1],
      name: 'share of answers that are correct',
      format: (value) => percent(value),
    },
    level: { y: targetAccuracy, label: `target: ${percent(targetAccuracy)}` },
    marked: {
      at: [coverage, accuracy],
      label: `threshold ${percent(threshold)}: ${percent(coverage)} answered, ${percent(accuracy)} correct`,
    },
  });
}

const WIDTH = 560;
const LEFT = 56;
const RIGHT = WIDTH - 22;
const TOP = 44;
/** Bottom of the accuracies; the sizes of the bins stand in a strip below. */
const MIDDLE = 290;
const STRIP_TOP = 330;
const BOTTOM = 390;
/** px between two bars */
const GAP = 3;

/**
 * Returns a reliability diagram (Niculescu-Mizil & Caruana 2005): for each bin of confidence its accuracy
 * beside its mean confidence, and below how many recordings it holds.
 */
export function reliabilityPlot(bins: readonly ReliabilityBin[]): Plot {
  const x = linear([0, 1], [LEFT, RIGHT]);
  const y = linear([0, 1], [MIDDLE, TOP]);
  const filled = bins.filter(({ clips }) => clips > 0);
  const size = linear([0, Math.max(1, ...filled.map(({ clips }) => clips))], [BOTTOM, STRIP_TOP]);
  const words = filled.map(
    ({ from, to, clips, confidence, accuracy }) =>
      `Confidence ${percent(from)} to ${percent(to)}: ${plural(clips, 'recording')}, mean confidence ${percent(confidence)}, accuracy ${percent(accuracy)}.`,
  );
  const plot = {
    id: 'reliability',
    title: 'Reliability diagram: accuracy at each confidence',
    description: words.join(' '),
  };
  return svg(plot, { width: WIDTH, height: BOTTOM + 42 }, [
    markup`<text class="axis" x="6" y="14">accuracy</text><text class="axis" x="6" y="${STRIP_TOP - 16}">recordings</text>`,
    legend(),
    ticks([0, 1]).map(
      (value) =>
        markup`<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${y(value)}" y2="${y(value)}"/><text class="tick" x="${LEFT - 9}" y="${y(value) + 4}" text-anchor="end">${percent(value)}</text>`,
    ),
    markup`<line class="level" x1="${LEFT}" x2="${RIGHT}" y1="${MIDDLE}" y2="${TOP}"/>`,
    xAxis([0, 1], {
      x,
      top: BOTTOM,
      bottom: BOTTOM,
      name: 'confidence',
      format: (value) => percent(value),
    }),
    filled.map(({ from, to, clips, confidence, accuracy }) => {
      const [left, right] = [x(from) + GAP / 2, x(to) - GAP / 2];
      const bar = (top: number, bottom: number) =>
        markup`<rect class="bar" fill="currentColor" x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/>`;
      return markup`<g class="bin">${bar(y(accuracy), MIDDLE)}<line class="expected" x1="${left}" x2="${right}" y1="${y(confidence)}" y2="${y(confidence)}"/>
${bar(size(clips), BOTTOM)}<text class="tick" x="${(left + right) / 2}" y="${size(clips) - 5}" text-anchor="middle">${whole(clips)}</text></g>`;
    }),
  ]);
}

function legend(): Markup {
  return markup`<rect class="bar" fill="currentColor" x="${LEFT}" y="23" width="14" height="14"/><text class="tick" x="${LEFT + 21}" y="34">accuracy</text>
<line class="expected" x1="${LEFT + 96}" x2="${LEFT + 124}" y1="30" y2="30"/><text class="tick" x="${LEFT + 131}" y="34">mean confidence, where the bar should end</text>`;
}
