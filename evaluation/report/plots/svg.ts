import { Markup, markup, type Part } from '../markup.ts';
import { COLOURS, PLOT_STYLE } from '../style.ts';

/** What every plot has: an id that is its own on the page, and what it shows in words. */
export interface PlotText {
  readonly id: string;
  readonly title: string;
  /** What is to be seen, for those who cannot see it. */
  readonly description: string;
}

/** An image for a page; what it is made of is kept, so that it can be a file of its own too. */
export class Plot extends Markup {
  readonly words: PlotText;
  /** px */
  readonly width: number;
  readonly height: number;
  readonly body: Markup;

  constructor(words: PlotText, size: { width: number; height: number }, body: Markup) {
    const { width, height } = size;
    super(
      markup`<svg role="img" aria-labelledby="${words.id}-title ${words.id}-text" viewBox="0 0 ${width} ${height}" style="max-width:${width}px;min-width:${Math.round(width * 0.75)}px">
${body}
</svg>`.text,
    );
    this.words = words;
    this.width = width;
    this.height = height;
    this.body = body;
  }
}

/** Returns one SVG image of the given size in px; it shrinks a little on a small screen, then scrolls. */
export function svg(words: PlotText, size: { width: number; height: number }, body: Part): Plot {
  const { id, title, description } = words;
  const content = markup`<title id="${id}-title">${title}</title>
<desc id="${id}-text">${description}</desc>
${body}`;
  return new Plot(words, size, content);
}

/** Returns the function that maps a domain onto a range of px. */
export function linear(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
): (value: number) => number {
  const span = high - low || 1;
  return (value) => round(from + ((value - low) / span) * (to - from));
}

/** Returns about `count` round numbers within a domain. */
export function ticks([low, high]: readonly [number, number], count = 5): number[] {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => round((first + i) * step, 6));
}

/** Returns vertical grid lines with their values below, and the name of the axis. */
export function xAxis(
  domain: readonly [number, number],
  {
    x,
    top,
    bottom,
    name,
    format,
  }: {
    x: (value: number) => number;
    top: number;
    bottom: number;
    name: string;
    format: (value: number) => string;
  },
): Markup {
  return markup`${ticks(domain).map(
    (value) =>
      markup`<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="${top}" y2="${bottom}"/><text class="tick" x="${x(value)}" y="${bottom + 16}" text-anchor="middle">${format(value)}</text>`,
  )}<text class="axis" x="${x(domain[1])}" y="${bottom + 34}" text-anchor="end">${name}</text>`;
}

export const SHAPES = ['circle', 'triangle', 'diamond'] as const;
export type Shape = (typeof SHAPES)[number];

/** Returns a mark; its shape goes with its colour, so that colour is never alone. */
export function mark(shape: Shape, x: number, y: number): Markup {
  const path = {
    circle: `M${x - 5} ${y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z`,
    triangle: `M${x} ${y - 6}l6 10.5h-12z`,
    diamond: `M${x} ${y - 6.5}l6 6.5l-6 6.5l-6 -6.5z`,
  }[shape];
  return markup`<path class="mark ${shape}" d="${path}"/>`;
}

export function round(value: number, decimals = 2): number {
  return Number(value.toFixed(decimals));
}

/** px around the plot: it brings its own paper, for the page that shows it may be light or dark. */
const MARGIN = 20;

/**
 * Returns a plot as an SVG file that needs no page around it: fonts, colours and paper are its own,
 * light or dark as the reader prefers.
 *
 * @example
 * await writeFile('docs/figures/actors.svg', svgFile(actorPlot(results)));
 */
export function svgFile({ words: { id }, width, height, body }: Plot): string {
  const [w, h] = [width + 2 * MARGIN, height + 2 * MARGIN];
  return `${
    markup`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="${id}-title ${id}-text" width="${w}" height="${h}" viewBox="${-MARGIN} ${-MARGIN} ${w} ${h}">
<style>${COLOURS}${PLOT_STYLE}
:root { font-family: var(--sans); font-variant-numeric: tabular-nums; }
.paper { fill: var(--card); stroke: var(--line); }
</style>
<rect class="paper" x="${0.5 - MARGIN}" y="${0.5 - MARGIN}" width="${w - 1}" height="${h - 1}" rx="12"/>
${body}
</svg>`.text
  }\n`;
}
