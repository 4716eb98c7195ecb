import { markup } from '../markup.ts';
import { COLOURS, PLOT_STYLE } from './style.ts';
import type { Plot } from './svg.ts';

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
