import { type Markup, markup } from '../markup.ts';
import { linear, type Plot, type PlotText, round, svg, ticks, xAxis } from './svg.ts';

type Point = readonly [x: number, y: number];
type Domain = readonly [number, number];

export interface LinePlot extends PlotText {
  readonly lines: readonly {
    readonly points: readonly Point[];
    readonly isDashed?: boolean;
    /** One of many, which matter together. */
    readonly isThin?: boolean;
    /** Labels at points of the line, by their index. */
    readonly labels?: Readonly<Record<number, string>>;
  }[];
  readonly legend?: readonly { readonly name: string; readonly isDashed: boolean }[];
  readonly x: { readonly domain: Domain; readonly name: string; format(value: number): string };
  readonly y: { readonly domain: Domain; readonly name: string; format(value: number): string };
  /** A level that was aimed at. */
  readonly level?: { readonly y: number; readonly label: string };
  /** The one point that matters. */
  readonly marked?: { readonly at: Point; readonly label: string };
}

const WIDTH = 560;
const LEFT = 56;
const RIGHT = WIDTH - 22;
const TOP = 44;
const BOTTOM = 290;

/** Returns lines over two axes; a dashed line is told apart without colour. */
export function linePlot(plot: LinePlot): Plot {
  const x = linear(plot.x.domain, [LEFT, RIGHT]);
  const y = linear(plot.y.domain, [BOTTOM, TOP]);
  return svg(plot, { width: WIDTH, height: BOTTOM + 42 }, [
    markup`<text class="axis" x="6" y="14">${plot.y.name}</text>`,
    legend(plot.legend ?? []),
    ticks(plot.y.domain).map(
      (value) =>
        markup`<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${y(value)}" y2="${y(value)}"/><text class="tick" x="${LEFT - 9}" y="${y(value) + 4}" text-anchor="end">${plot.y.format(value)}</text>`,
    ),
    xAxis(plot.x.domain, { ...plot.x, x, top: TOP, bottom: BOTTOM }),
    plot.level &&
      markup`<line class="level" x1="${LEFT}" x2="${RIGHT}" y1="${y(plot.level.y)}" y2="${y(plot.level.y)}"/><text class="tick" x="${LEFT + 6}" y="${y(plot.level.y) - 6}">${plot.level.label}</text>`,
    plot.lines.map(({ points, isDashed, isThin, labels = {} }) => [
      markup`<path class="line${isDashed && ' dashed'}${isThin && ' thin'}" d="M${points.map(([a, b]) => `${x(a)} ${y(b)}`).join('L')}"/>`,
      Object.entries(labels).map(([i, text]) => {
        const [a, b] = points[Number(i)];
        return markup`<circle class="stop" cx="${x(a)}" cy="${y(b)}" r="3.5"/><text class="tick" x="${x(a) + 4}" y="${y(b) - 10}" text-anchor="middle">${text}</text>`;
      }),
    ]),
    plot.marked && callout(plot.marked, x, y),
  ]);
}

function legend(items: NonNullable<LinePlot['legend']>): Markup[] {
  return items.map(({ name, isDashed }, i) => {
    const left = LEFT + 170 * i;
    return markup`<path class="${isDashed ? 'line dashed' : 'line'}" d="M${left} 30h28"/><text class="tick" x="${left + 35}" y="34">${name}</text>`;
  });
}

function callout(
  { at: [a, b], label }: NonNullable<LinePlot['marked']>,
  x: (value: number) => number,
  y: (value: number) => number,
): Markup {
  const isRight = x(a) > (LEFT + RIGHT) / 2;
  const end = round(Math.min(y(b) + 44, BOTTOM - 10));
  return markup`<line class="lead" x1="${x(a)}" x2="${x(a)}" y1="${y(b)}" y2="${end}"/><circle class="ring" cx="${x(a)}" cy="${y(b)}" r="7"/><text class="value" x="${x(a) + (isRight ? 8 : -8)}" y="${end}" text-anchor="${isRight ? 'end' : 'start'}">${label}</text>`;
}
