import { markup } from '../markup.ts';
import { linear, type Plot, type PlotText, svg, xAxis } from './svg.ts';

const WIDTH = 560;
const LEFT = 120;
const ROW = 46;
const TOP = 8;

/** Returns box plots of minimum, quartiles and maximum; the figures are written at the boxes. */
export function boxPlot(
  plot: PlotText & {
    rows: readonly { label: string; quartiles: readonly number[] }[];
    axis: string;
    unit: string;
  },
): Plot {
  const { rows, axis, unit } = plot;
  const domain = [0, Math.max(1, ...rows.flatMap(({ quartiles }) => quartiles))] as const;
  const x = linear(domain, [LEFT, WIDTH - 24]);
  const bottom = TOP + rows.length * ROW;
  const boxes = rows.map(({ label, quartiles: [low, first, median, third, high] }, i) => {
    const y = TOP + i * ROW;
    return markup`<text class="label" x="${LEFT - 12}" y="${y + 32}" text-anchor="end">${label}</text>
<path class="whisker" d="M${x(low)} ${y + 28}H${x(high)}m0 -5v10M${x(low)} ${y + 23}v10"/>
<rect class="box" x="${x(first)}" y="${y + 19}" width="${Math.max(1, x(third) - x(first))}" height="18"/>
<line class="median" x1="${x(median)}" x2="${x(median)}" y1="${y + 17}" y2="${y + 39}"/>
<text class="value" x="${x(median)}" y="${y + 12}" text-anchor="middle">${median} ${unit}</text>`;
  });
  return svg(plot, { width: WIDTH, height: bottom + 42 }, [
    xAxis(domain, { x, top: TOP, bottom, name: axis, format: String }),
    boxes,
  ]);
}
