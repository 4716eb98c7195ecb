import { Markup, markup } from './markup.ts';

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
.whisker { stroke: var(--soft); stroke-width: 1.5; fill: none; }
.expected { stroke: var(--diamond); stroke-width: 3; }
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

/** The look of the report. No "<" and no "&" in here, so that the page stays well-formed XML. */
const PAGE_STYLE = new Markup(`
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 78rem; padding: clamp(1.25rem, 4vw, 3.5rem) clamp(1rem, 4vw, 2.5rem) 5rem;
  background: var(--paper); color: var(--ink); font: 1rem / 1.55 var(--sans);
}
h1, h2, h3, h4 { font-family: var(--serif); line-height: 1.2; text-wrap: balance; }
h1 { font-size: clamp(1.9rem, 4.5vw, 3rem); font-weight: 600; margin: 0 0 0.75rem; }
h2 { font-size: 1.75rem; font-weight: 600; margin: 0 0 1rem; }
h3 { font-size: 1.25rem; margin: 2.25rem 0 0.75rem; }
h4 { font-size: 1.0625rem; margin: 2rem 0 0.5rem; }
p, ul { max-width: 46rem; margin: 0 0 1rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
code { font-size: 0.8125em; overflow-wrap: anywhere; }
.eyebrow { margin: 0 0 0.5rem; color: var(--accent); font-weight: 600; letter-spacing: 0.02em; }
.lead-in, .aside, figcaption { color: var(--soft); }
.notice { border-left: 4px solid var(--notice); padding: 0.25rem 0 0.25rem 0.875rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0.875rem; margin: 1.75rem 0; }
.tiles div { display: flex; flex-direction: column-reverse; justify-content: flex-end; background: var(--card); border: 1px solid var(--line); border-radius: 16px; padding: 1rem 1.25rem; }
.tiles dt { color: var(--soft); font-size: 0.9375rem; line-height: 1.35; }
.tiles dd { margin: 0; font: 600 2.125rem / 1.25 var(--serif); font-variant-numeric: tabular-nums; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.5rem 1.25rem; list-style: none; padding: 0; margin: 0 0 2rem; max-width: none; }
nav a { display: inline-block; padding: 0.25rem 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 20px; padding: clamp(1.125rem, 3vw, 2.25rem); margin: 0 0 1.5rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.5rem 2.5rem; align-items: start; }
.pair > * { min-width: 0; }
.scroll { overflow-x: auto; }
figure { margin: 0 0 1rem; }
figcaption { font-size: 0.9375rem; max-width: 35rem; margin-top: 0.5rem; }
svg { display: block; overflow: visible; width: 100%; height: auto; font-family: var(--sans); font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0.5rem 0 1rem; min-width: 20rem; }
caption { text-align: left; font-weight: 600; padding: 0 0 0.5rem; }
th, td { padding: 0.375rem 1.25rem 0.375rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
th:last-child, td:last-child { padding-right: 0; }
thead th { vertical-align: bottom; color: var(--soft); font-weight: 600; font-size: 0.875rem; }
tbody th { font-weight: 500; }
th, .word { text-align: left; }
.heading { font: 600 1.0625rem / 1.3 var(--serif); margin: 0 0 0.625rem; }
.explain { display: block; position: sticky; left: 0; max-width: min(52rem, 100vw - 5rem); }
th.figure, .figure { text-align: right; white-space: nowrap; }
.group { padding-top: 1.375rem; color: var(--soft); font-weight: 400; }
.group strong { display: block; position: sticky; left: 0; max-width: min(52rem, 100vw - 5rem); color: var(--ink); }
details { margin: 0.5rem 0 1rem; }
summary { cursor: pointer; color: var(--accent); padding: 0.25rem 0; }
.terms { max-width: 52rem; margin: 0; }
.terms div { display: grid; grid-template-columns: 6rem 1fr; padding: 0.25rem 0; }
.terms dt { font-weight: 600; }
.terms dd { margin: 0; }
@media print { section { break-inside: auto; border: 0; padding: 0; } figure { break-inside: avoid; } }
`);

export const STYLE = markup`${COLOURS}${PAGE_STYLE}${PLOT_STYLE}`;
