import { markup } from '../markup.ts';
import { linear, mark, type Plot, type PlotText, type Shape, svg, xAxis } from './svg.ts';

export interface DotPlot extends PlotText {
  readonly series: readonly { readonly name: string; readonly shape: Shape }[];
  readonly rows: readonly {
    readonly label: string;
    /** For each series its values, none where there is no figure. */
    readonly values: readonly (readonly number[])[];
  }[];
  readonly domain: readonly [number, number];
  readonly axis: string;
  readonly labelWidth: number;
  /** Whether the marks of a row are joined. */
  readonly isJoined?: boolean;
  readonly format?: (value: number) => string;
}

const WIDTH = 560;
const ROW = 28;
const TOP = 34;

/** Returns a dot plot: one line per row, one shape per series. */
export function dotPlot(plot: DotPlot): Plot {
  const {
    series,
    rows,
    domain,
    axis,
    labelWidth,
    isJoined = true,
    format = (value) => value.toFixed(1),
  } = plot;
  const x = linear(domain, [labelWidth, WIDTH - 20]);
  const bottom = TOP + rows.length * ROW;
  let at = labelWidth;
  const legend = series.map(({ name, shape }) => {
    const item = markup`${mark(shape, at + 6, 12)}<text class="tick" x="${at + 17}" y="16">${name}</text>`;
    at += 34 + name.length * 6.6;
    return item;
  });
  const lines = rows.map(({ label, values }, i) => {
    const y = TOP + (i + 0.5) * ROW;
    const all = values.flat();
    return markup`<text class="label" x="${labelWidth - 12}" y="${y + 4}" text-anchor="end">${label}</text>
${isJoined && all.length > 0 && markup`<line class="span" x1="${x(Math.min(...all))}" x2="${x(Math.max(...all))}" y1="${y}" y2="${y}"/>`}
${values.map((own, k) => own.map((value) => mark(series[k].shape, x(value), y)))}`;
  });
  return svg(plot, { width: WIDTH, height: bottom + 42 }, [
    xAxis(domain, { x, top: TOP, bottom, name: axis, format }),
    legend,
    lines,
  ]);
}
