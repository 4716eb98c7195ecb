import { csvLine } from '../../lib/csv.ts';
import { printable } from '../terminal.ts';

/** Prints the answer to a query: its columns, then each row. */
export interface AnswerPrinter {
  head(columns: readonly string[]): Promise<void>;
  row(cells: readonly unknown[]): Promise<void>;
  end(): Promise<void>;
}

/** Returns the printer of a format; a table for people by default. */
export function printerOf({ csv, jsonl }: { csv?: boolean; jsonl?: boolean }): AnswerPrinter {
  if (csv) return csvPrinter();
  return jsonl ? jsonPrinter() : tablePrinter();
}

function csvPrinter(): AnswerPrinter {
  return {
    head: (columns) => write(csvLine(columns)),
    row: (cells) => write(csvLine(cells)),
    end: async () => {},
  };
}

function jsonPrinter(): AnswerPrinter {
  let names: readonly string[] = [];
  return {
    async head(columns) {
      names = columns;
    },
    row: (cells) =>
      write(`${JSON.stringify(Object.fromEntries(names.map((name, i) => [name, cells[i]])))}\n`),
    end: async () => {},
  };
}

/** Rows that decide how wide the columns of a table are; further ones are printed as they come. */
const MEASURED_ROWS = 1000;

function tablePrinter(): AnswerPrinter {
  const first: (readonly unknown[])[] = [];
  let widths: readonly number[] | null = null;
  const line = (cells: readonly unknown[]) =>
    `${cells
      .map((cell, i) => {
        const width = widths?.[i] ?? 0;
        return typeof cell === 'number' ? text(cell).padStart(width) : text(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd()}\n`;
  const flush = async () => {
    if (widths) return;
    widths = (first[0] ?? []).map((_, i) =>
      Math.max(...first.map((cells) => text(cells[i]).length)),
    );
    const [head, ...rows] = first.splice(0);
    const rule = widths.map((width) => '─'.repeat(width));
    await write([head, rule, ...rows].map(line).join(''));
  };
  return {
    async head(columns) {
      first.push(columns);
    },
    async row(cells) {
      if (widths) return write(line(cells));
      first.push(cells);
      if (first.length > MEASURED_ROWS) await flush();
    },
    end: flush,
  };
}

/** A cell of a table, which cannot steer the terminal. */
function text(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  return printable(typeof cell === 'object' ? JSON.stringify(cell) : String(cell));
}

/** Prints, and waits for slow readers. */
export function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
