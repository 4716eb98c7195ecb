import { type Markup, markup } from '../markup.ts';
import { linear, type Plot, type PlotText, svg, xAxis } from './svg.ts';

export interface BarPlot extends PlotText {
  readonly rows: readonly {
    readonly label: string;
    /** Laid end to end, one per series. */
    readonly values: readonly number[];
    /** Written at the end of the bar. */
    readonly text: string;
    /** Lowest and highest of the values that a bar is the mean of. */
    readonly range?: readonly [number, number];
  }[];
  /** Names of the series where there are several, two at most. */
  readonly series?: readonly string[];
  readonly domain: readonly [number, number];
  readonly axis: string;
  readonly labelWidth: number;
  readonly rowHeight?: number;
  readonly format: (value: number) => string;
}

const WIDTH = 560;

/** Returns horizontal bars; the second series is hatched, so that colour is never alone. */
export function barPlot(plot: BarPlot): Plot {
  const { id, rows, series = [], domain, axis, labelWidth, rowHeight = 26, format } = plot;
  const top = series.length > 1 ? 30 : 6;
  const x = linear(domain, [labelWidth, WIDTH - 76]);
  const bottom = top + rows.length * rowHeight;
  const rect = (k: number, left: number, y: number, width: number, height: number) =>
    markup`<rect class="${k === 0 ? 'bar' : 'edge'}" fill="${k === 0 ? 'currentColor' : `url(#${id}-hatch)`}" x="${left}" y="${y}" width="${width}" height="${height}"/>`;
  const legend =
    series.length > 1 &&
    series.map(
      (name, k) =>
        markup`${rect(k, labelWidth + k * 110, 4, 14, 14)}<text class="tick" x="${labelWidth + k * 110 + 20}" y="16">${name}</text>`,
    );
  const bars = rows.map(({ label, values, text, range }, i) => {
    const y = top + i * rowHeight + 4;
    const height = rowHeight - 8;
    let start = 0;
    const pieces = values.map((value, k) => {
      const left = x(start);
      start += value;
      return value > 0 && rect(k, left, y, Number((x(start) - left).toFixed(2)), height);
    });
    const middle = y + height / 2;
    const end = x(Math.max(start, range?.[1] ?? 0));
    return markup`<text class="label" x="${labelWidth - 12}" y="${middle + 4}" text-anchor="end">${label}</text>${pieces}
${range && markup`<path class="whisker" d="M${x(range[0])} ${middle}H${x(range[1])}m0 -4v8M${x(range[0])} ${middle - 4}v8"/>`}<text class="value" x="${end + 7}" y="${middle + 4}">${text}</text>`;
  });
  return svg(plot, { width: WIDTH, height: bottom + 42 }, [
    series.length > 1 && hatch(id),
    xAxis(domain, { x, top, bottom, name: axis, format }),
    legend,
    bars,
  ]);
}

function hatch(id: string): Markup {
  return markup`<defs><pattern id="${id}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="stroke" x1="0" x2="0" y1="0" y2="6"/></pattern></defs>`;
}
