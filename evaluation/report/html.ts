import {
  type Block,
  type Blocks,
  figureColumns,
  present,
  type Section,
  type Table,
} from './blocks.ts';
import { Markup, markup, type Part } from './markup.ts';
import { STYLE } from './style.ts';

/** One report: the headline figures, then its sections. */
export interface Report {
  readonly title: string;
  readonly heading: string;
  /** Data, date and the like. */
  readonly about: string;
  readonly intro: Blocks;
  /** The headline figures, each with what it means. */
  readonly tiles: readonly (readonly [value: string, meaning: string])[];
  readonly sections: readonly Section[];
}

/**
 * Returns a report as one HTML page that needs nothing else: no script, no font, no network. It is
 * well-formed XML too, for which the case of its first line matters.
 *
 * @example
 * await writeFile('report.html', reportHtml(networkReport(results)));
 */
export function reportHtml({ title, heading, about, intro, tiles, sections }: Report): string {
  const page = markup`<html lang="en" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
<link rel="icon" href="data:,"/>
<title>Undertone: ${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="eyebrow">Undertone · ${title}</p>
<h1>${heading}</h1>
<p class="lead-in">${about}</p>
${blocksHtml(intro)}
<dl class="tiles">${tiles.map(([value, meaning]) => markup`<div><dt>${meaning}</dt><dd>${value}</dd></div>`)}</dl>
</header>
<nav aria-label="Contents"><ul>
${sections.map((section) => markup`<li><a href="#${section.id}">${section.title}</a></li>\n`)}</ul></nav>
<main>
${sections.map((section) => markup`<section id="${section.id}"><h2>${section.title}</h2>\n${blocksHtml(section.blocks)}</section>\n`)}
</main>
</body>
</html>`;
  return `<!DOCTYPE html>\n${page.text}\n`;
}

function blocksHtml(blocks: Blocks): Part {
  return present(blocks).map((block) => markup`${blockHtml(block)}\n`);
}

function blockHtml(block: Block): Markup {
  if (typeof block === 'string') return markup`<p>${inline(block)}</p>`;
  switch (block.kind) {
    case 'aside':
    case 'notice':
      return markup`<p class="${block.kind}">${inline(block.text)}</p>`;
    case 'heading':
      return block.level === 3
        ? markup`<h3>${inline(block.text)}</h3>`
        : markup`<h4>${inline(block.text)}</h4>`;
    case 'list':
      return markup`<ul>${block.items.map((item) => markup`<li>${inline(item)}</li>`)}</ul>`;
    case 'terms':
      return markup`<dl class="terms">${block.items.map(([term, meaning]) => markup`<div><dt>${term}</dt><dd>${meaning}</dd></div>`)}</dl>`;
    case 'table':
      return tableHtml(block);
    case 'figure':
      return markup`<figure><p class="heading">${block.plot.words.title}</p>${scrolling(block.plot)}<figcaption>${block.caption}</figcaption></figure>`;
    case 'pair':
      return markup`<div class="pair">${block.columns.map((column) => markup`<div>${blocksHtml(column)}</div>`)}</div>`;
    case 'details':
      return markup`<details><summary>${block.summary}</summary>\n${blocksHtml(block.blocks)}</details>`;
  }
}

function tableHtml(block: Table): Markup {
  const { caption, head, groups } = block;
  const kinds = figureColumns(block).map((isFigure) => (isFigure ? 'figure' : 'word'));
  const row = ([header, ...cells]: readonly string[]) =>
    markup`<tr><th scope="row">${inline(header)}</th>${cells.map((cell, i) => markup`<td class="${kinds[i + 1]}">${inline(cell)}</td>`)}</tr>\n`;
  const group = (name: string, meaning = '') =>
    markup`<tr><th scope="rowgroup" colspan="${head.length}" class="group"><strong>${name}</strong><span class="explain">${meaning}</span></th></tr>\n`;
  return scrolling(markup`<table>
<caption>${caption}</caption>
<thead><tr>${head.map((name, i) => markup`<th scope="col" class="${kinds[i]}">${name}</th>`)}</tr></thead>
${groups.map(({ name, meaning, rows }) => markup`<tbody>${name && group(name, meaning)}${rows.map(row)}</tbody>`)}
</table>`);
}

/** Wraps what may be wider than the page. */
function scrolling(content: Part): Markup {
  return markup`<div class="scroll">${content}</div>`;
}

/** Returns a text with its `code` and **strong** as elements. */
function inline(text: string): Markup {
  return new Markup(
    markup`${text}`.text
      .replace(/`([^`]+)`/g, '<code>$1</code>')
      .replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>'),
  );
}
