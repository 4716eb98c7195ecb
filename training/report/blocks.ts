import { type Markup, markup, type Part } from './markup.ts';

export interface Table {
  readonly caption: Part;
  readonly head: readonly string[];
  /** The first cell of a row is its header. */
  readonly rows: readonly (readonly Part[])[];
  /** Columns of words are set to the left; columns of figures to the right. */
  readonly words?: readonly number[];
}

/** Returns a table with caption and headers; one that is too wide scrolls by itself. */
export function table({ caption, head, rows, words = [] }: Table): Markup {
  const kind = (column: number) => (column === 0 || words.includes(column) ? 'word' : 'figure');
  return scrolling(markup`<table>
<caption>${caption}</caption>
<thead><tr>${head.map((name, i) => markup`<th scope="col" class="${kind(i)}">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => markup`<tr>${tableRow(row, kind)}</tr>\n`)}</tbody>
</table>`);
}

/** Wraps what may be wider than the page. */
export function scrolling(content: Part): Markup {
  return markup`<div class="scroll">${content}</div>`;
}

/** Returns a plot under its heading, with what it tells below. */
export function figure(heading: string, plot: Markup, caption: Part): Markup {
  return markup`<figure><p class="heading">${heading}</p>${scrolling(plot)}<figcaption>${caption}</figcaption></figure>`;
}

function tableRow([header, ...cells]: readonly Part[], kind: (column: number) => string): Markup {
  return markup`<th scope="row">${header}</th>${cells.map(
    (cell, i) => markup`<td class="${kind(i + 1)}">${cell}</td>`,
  )}`;
}
