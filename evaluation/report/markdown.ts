import {
  type Block,
  type Blocks,
  figureColumns,
  present,
  type Section,
  type Table,
} from './blocks.ts';
import type { Plot } from './plots/svg.ts';

/** Where the pictures of a document lie, and which of its plots it shows, by their ids. */
export interface Pictures {
  readonly folder: string;
  readonly shown: readonly string[];
}

/**
 * Returns sections as Markdown, each under a heading of the second level. A plot that is not among
 * the pictures shown is left out.
 *
 * @example
 * sectionsMarkdown([{ id: 'use', title: 'Use', blocks: ['For experiments.'] }], pictures);
 */
export function sectionsMarkdown(sections: readonly Section[], pictures: Pictures): string {
  return sections
    .map(({ title, blocks }) => `## ${title}\n\n${blocksMarkdown(blocks, pictures)}`)
    .join('\n\n');
}

/** Returns the plots that these sections show, in their order. */
export function plotsShown(sections: readonly Section[], { shown }: Pictures): Plot[] {
  const plotsIn = (blocks: Blocks): Plot[] =>
    present(blocks).flatMap((block) => {
      if (typeof block === 'string') return [];
      if (block.kind === 'figure') return [block.plot];
      if (block.kind === 'pair') return block.columns.flatMap(plotsIn);
      return block.kind === 'details' ? plotsIn(block.blocks) : [];
    });
  return sections
    .flatMap(({ blocks }) => plotsIn(blocks))
    .filter(({ words }) => shown.includes(words.id));
}

function blocksMarkdown(blocks: Blocks, pictures: Pictures): string {
  return present(blocks)
    .map((block) => blockMarkdown(block, pictures))
    .filter((text) => text !== '')
    .join('\n\n');
}

function blockMarkdown(block: Block, pictures: Pictures): string {
  if (typeof block === 'string') return escapeHtml(block);
  switch (block.kind) {
    case 'aside':
    case 'notice':
      return escapeHtml(block.text);
    case 'heading':
      return `${'#'.repeat(block.level)} ${escapeHtml(block.text)}`;
    case 'list':
      return block.items.map((item) => `- ${escapeHtml(item)}`).join('\n');
    case 'terms':
      return block.items.map(([term, meaning]) => `- ${term}: ${escapeHtml(meaning)}`).join('\n');
    case 'table':
      return tableMarkdown(block);
    case 'figure': {
      const { id, title } = block.plot.words;
      if (!pictures.shown.includes(id)) return '';
      return `![${title}](${pictures.folder}/${id}.svg)\n\n${escapeHtml(block.caption)}`;
    }
    case 'pair':
      return block.columns
        .map((column) => blocksMarkdown(column, pictures))
        .filter((text) => text !== '')
        .join('\n\n');
    case 'details':
      return blocksMarkdown(block.blocks, pictures);
  }
}

/** Markdown has no groups of rows: each row begins with the name of its group, told about above. */
function tableMarkdown(table: Table): string {
  const { caption, head, groups } = table;
  const isGrouped = groups.some(({ name }) => name !== undefined);
  const columns = figureColumns(table).map((isFigure) => (isFigure ? '---:' : '---'));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => escapeHtml(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  const meanings = groups.flatMap(({ name, meaning }) =>
    meaning ? [`- **${name}.** ${escapeHtml(meaning)}`] : [],
  );
  return [
    ...(meanings.length > 0 ? [...meanings, ''] : []),
    `*${escapeHtml(caption)}*`,
    '',
    line(isGrouped ? ['', ...head] : head),
    `|${(isGrouped ? ['---', ...columns] : columns).join('|')}|`,
    ...groups.flatMap(({ name = '', rows }) =>
      rows.map((row) => line(isGrouped ? [name, ...row] : row)),
    ),
  ].join('\n');
}

/** Returns a text in which nothing is HTML any more. */
function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
