import { score } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { linear, mark, type Plot, type Shape, svg, xAxis } from './svg.ts';

/** What plots of one line a row have in common. Shares are drawn from 0 to 1. */
interface RowPlot {
  readonly id: string;
  readonly title: string;
  readonly domain?: readonly [number, number];
  /** Name of the axis; UAR by default. */
  readonly axis?: string;
  /** Writes the values of the axis; with one decimal by default. */
  readonly format?: (value: number) => string;
}

export interface BarPlot extends RowPlot {
  readonly rows: readonly {
    readonly label: string;
    readonly value: number;
    /** Written at the end of the bar; the value as a score by default. */
    readonly text?: string;
    /** Lowest and highest of the values that a bar is the mean of. */
    readonly range?: readonly [number, number];
  }[];
  readonly rowHeight?: number;
}

export interface DotPlot extends RowPlot {
  readonly series: readonly { readonly name: string; readonly shape: Shape }[];
  readonly rows: readonly {
    readonly label: string;
    /** For each series its values, none where there is no figure. */
    readonly values: readonly (readonly number[])[];
  }[];
}

const WIDTH = 560;
const DEFAULTS = {
  domain: [0, 1] as const,
  axis: 'unweighted average recall',
  format: (value: number) => value.toFixed(1),
};

/** Returns horizontal bars. */
export function barPlot(plot: BarPlot): Plot {
  const { domain, axis, format, rowHeight = 26 } = { ...DEFAULTS, ...plot };
  const rows = plot.rows.map((row) => ({ ...row, text: row.text ?? score(row.value) }));
  const labelWidth = labelWidthOf(rows);
  const top = 6;
  const x = linear(domain, [labelWidth, WIDTH - 76]);
  const bottom = top + rows.length * rowHeight;
  const bars = rows.map(({ label, value, text, range }, i) => {
    const y = top + i * rowHeight + 4;
    const height = rowHeight - 8;
    const middle = y + height / 2;
    const width = Number((x(value) - x(domain[0])).toFixed(2));
    const end = x(Math.max(value, range?.[1] ?? 0));
    return markup`<text class="label" x="${labelWidth - 12}" y="${middle + 4}" text-anchor="end">${label}</text>${width > 0 && markup`<rect class="bar" fill="currentColor" x="${x(domain[0])}" y="${y}" width="${width}" height="${height}"/>`}
${range && markup`<path class="whisker" d="M${x(range[0])} ${middle}H${x(range[1])}m0 -4v8M${x(range[0])} ${middle - 4}v8"/>`}<text class="value" x="${end + 7}" y="${middle + 4}">${text}</text>`;
  });
  const description = rows.map(({ label, text }) => `${label}: ${text}.`).join(' ');
  return svg({ ...plot, description }, { width: WIDTH, height: bottom + 42 }, [
    xAxis(domain, { x, top, bottom, name: axis, format }),
    bars,
  ]);
}

const DOT_ROW = 28;
const DOT_TOP = 34;

/** Returns a dot plot: one line per row, one shape per series. */
export function dotPlot(plot: DotPlot): Plot {
  const { series, rows, domain, axis, format } = { ...DEFAULTS, ...plot };
  const labelWidth = labelWidthOf(rows);
  const x = linear(domain, [labelWidth, WIDTH - 20]);
  const bottom = DOT_TOP + rows.length * DOT_ROW;
  const lines = rows.map(({ label, values }, i) => {
    const y = DOT_TOP + (i + 0.5) * DOT_ROW;
    const all = values.flat();
    return markup`<text class="label" x="${labelWidth - 12}" y="${y + 4}" text-anchor="end">${label}</text>
${all.length > 0 && markup`<line class="span" x1="${x(Math.min(...all))}" x2="${x(Math.max(...all))}" y1="${y}" y2="${y}"/>`}
${values.map((own, k) => own.map((value) => mark(series[k].shape, x(value), y)))}`;
  });
  const sentences = rows.map(({ label, values }) => {
    const parts = values.flatMap((own, k) =>
      own.length > 0 ? [`${series[k].name} ${own.map(score).join(', ')}`] : [],
    );
    return `${label}: ${parts.join('; ') || 'not measured'}.`;
  });
  return svg({ ...plot, description: sentences.join(' ') }, { width: WIDTH, height: bottom + 42 }, [
    xAxis(domain, { x, top: DOT_TOP, bottom, name: axis, format }),
    legend(series, labelWidth),
    lines,
  ]);
}

function legend(series: DotPlot['series'], left: number): Markup[] {
  let at = left;
  return series.map(({ name, shape }) => {
    const item = markup`${mark(shape, at + 6, 12)}<text class="tick" x="${at + 17}" y="16">${name}</text>`;
    at += 34 + name.length * 6.6;
    return item;
  });
}

/** Room for the longest label, about 7 px a letter. */
function labelWidthOf(rows: readonly { readonly label: string }[]): number {
  const longest = Math.max(0, ...rows.map(({ label }) => label.length));
  return Math.min(300, 24 + Math.round(longest * 7.2));
}
