import { type Markup, markup } from '../markup.ts';
import { type Plot, type PlotText, svg } from './svg.ts';

/** The tones of the cells and the shares of a row that have them. */
const TONES = [
  { name: '0', has: (share: number) => share === 0 },
  { name: '<10%', has: (share: number) => share < 0.1 },
  { name: '≥10%', has: (share: number) => share < 0.2 },
  { name: '≥20%', has: (share: number) => share < 0.4 },
  { name: '≥40%', has: (share: number) => share < 0.6 },
  { name: '≥60%', has: (share: number) => share < 0.8 },
  { name: '≥80%', has: () => true },
] as const;
/** From this tone on the writing is in the colour of the paper. */
const INVERSE_TONE = 5;

const CELL = { width: 58, height: 44 };
const LEFT = 96;
const TOP = 58;

/**
 * Returns a heat map of counts and row percentages: labels in rows, predictions in columns. An emotion
 * that is no label has no row, and no column either unless it was predicted.
 */
export function confusionPlot(
  plot: PlotText & { classes: readonly string[]; confusion: readonly (readonly number[])[] },
): Plot {
  const { classes, confusion } = plot;
  const { rows, columns } = occurring(confusion);
  const width = LEFT + Math.max(columns.length, TONES.length) * CELL.width + 8;
  const bottom = TOP + rows.length * CELL.height;
  const center = (i: number) => LEFT + (i + 0.5) * CELL.width;
  const names = [
    columns.map(
      (c, j) =>
        markup`<text class="tick" x="${center(j)}" y="${TOP - 10}" text-anchor="middle">${classes[c]}</text>`,
    ),
    rows.map(
      (c, i) =>
        markup`<text class="label" x="${LEFT - 12}" y="${TOP + (i + 0.5) * CELL.height + 4}" text-anchor="end">${classes[c]}</text>`,
    ),
  ];
  const cells = rows.map((r, i) => {
    const total = confusion[r].reduce((a, b) => a + b, 0);
    return columns.map((c, j) =>
      cell(LEFT + j * CELL.width, TOP + i * CELL.height, confusion[r][c], total, r === c),
    );
  });
  return svg(plot, { width, height: bottom + 40 }, [
    markup`<text class="axis" x="${center(0) - CELL.width / 2}" y="16">predicted →</text><text class="axis" x="${LEFT - 12}" y="${TOP - 10}" text-anchor="end">label ↓</text>`,
    names,
    cells,
    legend(bottom + 14),
  ]);
}

/** Returns the classes that are labels, and those that are labels or predictions. */
export function occurring(confusion: readonly (readonly number[])[]) {
  const isLabel = confusion.map((row) => row.some((count) => count > 0));
  const classes = [...confusion.keys()];
  return {
    rows: classes.filter((i) => isLabel[i]),
    columns: classes.filter((i) => isLabel[i] || confusion.some((row) => row[i] > 0)),
  };
}

function cell(x: number, y: number, count: number, total: number, isRight: boolean): Markup {
  const share = total > 0 ? count / total : 0;
  const tone = TONES.findIndex(({ has }) => has(share));
  const ink = tone >= INVERSE_TONE ? 'inverse' : 'ink';
  const middle = x + CELL.width / 2;
  return markup`<g class="${isRight ? 'cell right' : 'cell'}"><rect class="tone-${tone}" x="${x + 1}" y="${y + 1}" width="${CELL.width - 2}" height="${CELL.height - 2}" rx="4"/>${
    total > 0 &&
    markup`<text class="count ${ink}" x="${middle}" y="${y + 19}" text-anchor="middle">${count}</text><text class="share ${ink}" x="${middle}" y="${y + 34}" text-anchor="middle">${Math.round(share * 100)}%</text>`
  }</g>`;
}

function legend(y: number): Markup {
  const step = 54;
  return markup`<text class="tick" x="${LEFT - 12}" y="${y + 14}" text-anchor="end">of the row</text>${TONES.map(
    ({ name }, tone) =>
      markup`<rect class="tone-${tone} swatch" x="${LEFT + tone * step + 3}" y="${y}" width="${step - 6}" height="20" rx="4"/><text class="share ${tone >= INVERSE_TONE ? 'inverse' : 'ink'}" x="${LEFT + (tone + 0.5) * step}" y="${y + 14}" text-anchor="middle">${name}</text>`,
  )}`;
}
