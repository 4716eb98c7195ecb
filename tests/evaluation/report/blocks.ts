import {
  type Block,
  type Blocks,
  present,
  type Section,
} from '../../../evaluation/report/blocks.ts';
import type { Plot } from '../../../evaluation/report/plots/svg.ts';

/** Returns all blocks of some sections, those within others too. */
export function allBlocks(sections: readonly Section[]): Block[] {
  const within = (blocks: Blocks): Block[] =>
    present(blocks).flatMap((block): Block[] => {
      if (typeof block === 'string') return [block];
      if (block.kind === 'pair') return block.columns.flatMap(within);
      return block.kind === 'details' ? [block, ...within(block.blocks)] : [block];
    });
  return sections.flatMap(({ blocks }) => within(blocks));
}

/** Returns the rows of the first table whose caption holds some words. */
export function rowsOf(sections: readonly Section[], caption: string): (readonly string[])[] {
  for (const block of allBlocks(sections)) {
    if (typeof block === 'string' || block.kind !== 'table') continue;
    if (block.caption.includes(caption)) return block.groups.flatMap(({ rows }) => rows);
  }
  throw new Error(`no table is called "${caption}"`);
}

/** Returns the plot with an id. */
export function plotOf(sections: readonly Section[], id: string): Plot {
  for (const block of allBlocks(sections)) {
    if (typeof block !== 'string' && block.kind === 'figure' && block.plot.words.id === id) {
      return block.plot;
    }
  }
  throw new Error(`no plot has the id "${id}"`);
}

/** Returns the paragraphs of some sections. */
export function textOf(sections: readonly Section[]): string {
  return allBlocks(sections)
    .flatMap((block) => {
      if (typeof block === 'string') return [block];
      return 'text' in block ? [block.text] : [];
    })
    .join('\n');
}
