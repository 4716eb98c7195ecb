import { Markup } from '../markup.ts';

/** Colours and fonts of report and plots. No "<" and no "&" in here: it stands in XML. */
export const COLOURS = new Markup(`
:root {
  color-scheme: light dark;
  --paper: #f6f4ef; --card: #fffefb; --ink: #201e2b; --soft: #5b5868; --line: #d9d5cb;
  --accent: #3d3a8c; --on-accent: #ffffff;
  --circle: #3d3a8c; --triangle: #0f7683; --diamond: #a82a83; --notice: #965400;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15141b; --card: #1e1d27; --ink: #efecf5; --soft: #b3afc2; --line: #383646;
    --accent: #b8b4ff; --on-accent: #17161f;
    --circle: #b8b4ff; --triangle: #63c5d4; --diamond: #f48ccf; --notice: #f2b84b;
  }
}
`);

/** The look of everything inside a plot, for a page and for a file of its own. */
export const PLOT_STYLE = new Markup(`
text { fill: var(--ink); font-size: 13px; }
.tick, .axis { fill: var(--soft); font-size: 12px; }
.axis { font-style: italic; }
.value, .count { font-weight: 600; }
.share { font-size: 11px; }
.inverse { fill: var(--on-accent); }
.grid { stroke: var(--line); }
.span { stroke: var(--soft); stroke-width: 1.5; opacity: 0.6; }
.mark { stroke: var(--card); stroke-width: 1.25; }
.circle { fill: var(--circle); }
.triangle { fill: var(--triangle); }
.diamond { fill: var(--diamond); }
.bar { color: var(--accent); }
.edge { stroke: var(--accent); }
.stroke { stroke: var(--accent); stroke-width: 4; }
.whisker { stroke: var(--soft); stroke-width: 1.5; fill: none; }
.box { fill: var(--tone-2); stroke: var(--accent); stroke-width: 1.5; }
.expected { stroke: var(--diamond); stroke-width: 3; }
.median { stroke: var(--accent); stroke-width: 3; }
.line { fill: none; stroke: var(--circle); stroke-width: 1.75; stroke-linejoin: round; }
.dashed { stroke: var(--diamond); stroke-dasharray: 6 4; stroke-width: 2.25; }
.thin { stroke-width: 1; opacity: 0.6; }
.dashed.thin { stroke-width: 1.25; }
.level { stroke: var(--soft); stroke-dasharray: 2 4; stroke-width: 1.5; }
.lead { stroke: var(--ink); }
.stop { fill: var(--circle); }
.ring { fill: var(--card); stroke: var(--diamond); stroke-width: 4; }
.right rect { stroke: var(--ink); stroke-width: 1.5; }
.swatch { stroke: var(--line); }
.cell rect { shape-rendering: geometricPrecision; }
${[0, 7, 16, 28, 42, 80, 100]
  .map(
    (share, tone) =>
      `:root { --tone-${tone}: color-mix(in srgb, var(--accent) ${share}%, var(--card)); }\n.tone-${tone} { fill: var(--tone-${tone}); }`,
  )
  .join('\n')}
`);
