import type { Plot } from './plots/svg.ts';

/**
 * What reports are made of, rendered as HTML (html.ts) and as Markdown (markdown.ts). A string is a
 * paragraph. Texts may hold `code` and **strong** in Markdown's notation; all else is plain text.
 */
export type Block = string | Aside | Heading | List | Terms | Table | Figure | Pair | Details;

/** Blocks that may be left out on a condition: `clips > 0 && table(…)`. */
export type Blocks = readonly (Block | null | undefined | false)[];

/** One part of a report, under a heading of its own. `id` is what links lead to. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: Blocks;
}

/** A paragraph that explains; a `notice` warns. */
export interface Aside {
  readonly kind: 'aside' | 'notice';
  readonly text: string;
}

export interface Heading {
  readonly kind: 'heading';
  readonly text: string;
  readonly level: 3 | 4;
}

export interface List {
  readonly kind: 'list';
  readonly items: readonly string[];
}

/** Terms with their meanings. */
export interface Terms {
  readonly kind: 'terms';
  readonly items: readonly (readonly [term: string, meaning: string])[];
}

/** The first cell of a row is its header. Columns of figures are set to the right. */
export interface Table {
  readonly kind: 'table';
  readonly caption: string;
  readonly head: readonly string[];
  readonly groups: readonly RowGroup[];
}

/** Rows that belong together; `meaning` explains their `name`. */
export interface RowGroup {
  readonly name?: string;
  readonly meaning?: string;
  readonly rows: readonly (readonly string[])[];
}

/** A plot under its title, with what it shows below. */
export interface Figure {
  readonly kind: 'figure';
  readonly plot: Plot;
  readonly caption: string;
}

/** Two columns on a wide page; one after the other in Markdown. */
export interface Pair {
  readonly kind: 'pair';
  readonly columns: readonly Blocks[];
}

/** What opens on demand; in Markdown it is always open. */
export interface Details {
  readonly kind: 'details';
  readonly summary: string;
  readonly blocks: Blocks;
}

/** @example table('Recordings', ['Emotion', 'Number'], [['sad', '12']]); */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Table {
  return { kind: 'table', caption, head, groups: [{ rows }] };
}

export function groupedTable(
  caption: string,
  head: readonly string[],
  groups: readonly RowGroup[],
): Table {
  return { kind: 'table', caption, head, groups };
}

export function figure(plot: Plot, caption: string): Figure {
  return { kind: 'figure', plot, caption };
}

export function heading(text: string, level: 3 | 4 = 3): Heading {
  return { kind: 'heading', text, level };
}

export function aside(text: string): Aside {
  return { kind: 'aside', text };
}

/** Says that a part of a run was left out. */
export function notMeasured(what?: string): Aside {
  return aside(what ? `${what}: not measured in this run.` : 'Not measured in this run.');
}

export function list(items: readonly string[]): List {
  return { kind: 'list', items };
}

export function pair(...columns: readonly Blocks[]): Pair {
  return { kind: 'pair', columns };
}

export function details(summary: string, ...blocks: Blocks): Details {
  return { kind: 'details', summary, blocks };
}

/** Returns the blocks that are there. */
export function present(blocks: Blocks): Block[] {
  return blocks.filter((block) => block !== null && block !== undefined && block !== false);
}

/** Returns for each column whether all its cells are figures. The first holds the headers. */
export function figureColumns({ head, groups }: Table): boolean[] {
  const rows = groups.flatMap((group) => group.rows);
  return head.map((_, i) => i > 0 && rows.every((row) => /^[\d.,%–−+± ]+$/.test(row[i])));
}
