import { EMOTIONS, UndertoneError } from '../../core/index.ts';
import { csvLine } from '../../lib/csv.ts';
import { printable } from '../terminal.ts';
import { type Days, type FoundLabel, type Label, labelsIn } from './label-files.ts';
import { printerOf, write } from './printing.ts';
import { formatLabelSource, type LabelSource } from './s3-url.ts';

export interface LabelsOptions extends Days {
  readonly csv?: boolean;
  readonly jsonl?: boolean;
  /** A query over the table `labels`, whose answer is printed instead. */
  readonly sql?: string;
}

const COLUMNS = [
  'date',
  'key',
  'emotion',
  'confidence',
  ...EMOTIONS,
  'duration',
  'size',
  'uploadedAt',
  'labelledAt',
  'error',
] as const;

/**
 * Prints labels as CSV or JSON lines, in the order of their days and keys, or what a query answers about them.
 *
 * @returns whether all of them could be read
 * @throws UndertoneError when there are none, or they cannot be read, or the query is wrong
 */
export async function labelsCommand(source: LabelSource, options: LabelsOptions): Promise<boolean> {
  if (options.csv && options.jsonl) {
    throw new UndertoneError('parameter-invalid', 'Choose one of --csv and --jsonl.');
  }
  const damaged: string[] = [];
  const labels = readable(source, options, damaged);
  if (options.sql !== undefined) {
    const { answerQuery } = await import('./query.ts');
    await answerQuery(options.sql, labels, printerOf(options));
  } else {
    if (!options.jsonl) await write(csvLine(COLUMNS));
    const print = options.jsonl ? printJson : printCsv;
    for await (const { date, label } of labels) await print(date, label);
  }
  for (const name of damaged) console.error(`${printable(name)} is not a label.`);
  return damaged.length === 0;
}

/** Yields the labels, and collects the names of what is none. */
async function* readable(
  source: LabelSource,
  days: Days,
  damaged: string[],
): AsyncGenerator<FoundLabel & { readonly label: Label }> {
  let count = 0;
  for await (const { name, date, label } of labelsIn(source, days)) {
    count++;
    if (label) yield { name, date, label };
    else damaged.push(name);
  }
  if (count > 0) return;
  throw new UndertoneError(
    'not-found',
    `There are no labels in ${formatLabelSource(source)} for these days.`,
  );
}

function printJson(_: string, label: Label): Promise<void> {
  return write(`${JSON.stringify(label)}\n`);
}

function printCsv(date: string, label: Label): Promise<void> {
  const { probabilities, error, ...rest } = label;
  const cells: Readonly<Record<string, unknown>> = {
    ...rest,
    ...probabilities,
    date,
    error: error?.code,
  };
  return write(csvLine(COLUMNS.map((column) => cells[column])));
}
