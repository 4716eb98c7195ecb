import type { ReliabilityBin } from '../../network/results.ts';
import { percent, plural, whole } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { linear, type Plot, svg, ticks, xAxis } from './svg.ts';

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
 * Returns a reliability diagram (Niculescu-Mizil & Caruana 2005): for each bin of the confidence that
 * was told, how often it was right beside how often it should have been, and below how many
 * recordings the bin holds.
 */
export function reliabilityPlot(bins: readonly ReliabilityBin[]): Plot {
  const x = linear([0, 1], [LEFT, RIGHT]);
  const y = linear([0, 1], [MIDDLE, TOP]);
  const filled = bins.filter(({ clips }) => clips > 0);
  const size = linear([0, Math.max(1, ...filled.map(({ clips }) => clips))], [BOTTOM, STRIP_TOP]);
  const words = filled.map(
    ({ from, to, clips, confidence, accuracy }) =>
      `Confidence ${percent(from, 0)} to ${percent(to, 0)}: ${plural(clips, 'recording')}, mean confidence ${percent(confidence)}, right ${percent(accuracy)}.`,
  );
  const plot = {
    id: 'reliability',
    title: 'Reliability diagram: how often a confidence is right',
    description: words.join(' '),
  };
  return svg(plot, { width: WIDTH, height: BOTTOM + 42 }, [
    markup`<text class="axis" x="6" y="14">share that is right</text><text class="axis" x="6" y="${STRIP_TOP - 16}">recordings</text>`,
    legend(),
    ticks([0, 1]).map(
      (value) =>
        markup`<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${y(value)}" y2="${y(value)}"/><text class="tick" x="${LEFT - 9}" y="${y(value) + 4}" text-anchor="end">${percent(value, 0)}</text>`,
    ),
    markup`<line class="level" x1="${LEFT}" x2="${RIGHT}" y1="${MIDDLE}" y2="${TOP}"/>`,
    xAxis([0, 1], {
      ...{ x, top: BOTTOM, bottom: BOTTOM, name: 'confidence that was told' },
      format: (value) => percent(value, 0),
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
  return markup`<rect class="bar" fill="currentColor" x="${LEFT}" y="23" width="14" height="14"/><text class="tick" x="${LEFT + 21}" y="34">right</text>
<line class="expected" x1="${LEFT + 78}" x2="${LEFT + 106}" y1="30" y2="30"/><text class="tick" x="${LEFT + 113}" y="34">mean confidence: where the bar should end</text>`;
}
