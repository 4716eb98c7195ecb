import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UndertoneError } from '../../core/index.ts';
import {
  ATHENA_FUNCTIONS,
  type DuckDb,
  type DuckDbConnection,
  type DuckDbConverter,
  type DuckDbResult,
  JSON_COLUMNS,
  LABELS_OF_JSON,
  loadDuckDb,
  QUIET,
} from './duckdb.ts';
import type { FoundLabel } from './label-files.ts';
import type { AnswerPrinter } from './printing.ts';

/** Room on disk for sorting and grouping what does not fit into memory. */
const MAX_SPILL = '20GB';

/**
 * Answers a query over the table `labels`, which has the columns of the one in Athena. The labels are copied
 * into a database in the temporary folder; the query can read nothing else and change nothing.
 *
 * @throws UndertoneError `setting-invalid` without DuckDB; `parameter-invalid` when the query is wrong
 */
export async function answerQuery(
  sql: string,
  labels: AsyncIterable<Pick<FoundLabel, 'date' | 'label'>>,
  printer: AnswerPrinter,
): Promise<void> {
  const duckDb = await loadDuckDb();
  const { path, remove } = temporaryFolder();
  try {
    const database = join(path, 'labels.duckdb');
    await load(duckDb, database, labels);
    await ask(duckDb, database, sql, printer);
  } finally {
    remove();
  }
}

async function load(
  { DuckDBInstance }: DuckDb,
  database: string,
  labels: AsyncIterable<Pick<FoundLabel, 'date' | 'label'>>,
): Promise<void> {
  const lines = `${database}.jsonl`;
  await pipeline(Readable.from(asLines(labels)), createWriteStream(lines));
  const instance = await DuckDBInstance.create(database, QUIET);
  try {
    const connection = await instance.connect();
    await connection.run(
      `CREATE TABLE labels AS SELECT ${LABELS_OF_JSON} FROM read_json('${lines.replaceAll("'", "''")}', format = 'newline_delimited', columns = ${JSON_COLUMNS})`,
    );
    await connection.run(ATHENA_FUNCTIONS);
    connection.closeSync();
  } catch (thrown) {
    throw new UndertoneError(
      'parameter-invalid',
      `These labels cannot be queried: ${sentence(thrown)} docs/batch.md says what a label contains.`,
      { cause: thrown },
    );
  } finally {
    instance.closeSync();
    await rm(lines, { force: true });
  }
}

async function* asLines(
  labels: AsyncIterable<Pick<FoundLabel, 'date' | 'label'>>,
): AsyncGenerator<string> {
  for await (const { date, label } of labels) yield `${JSON.stringify({ ...label, date })}\n`;
}

async function ask(
  duckDb: DuckDb,
  database: string,
  sql: string,
  printer: AnswerPrinter,
): Promise<void> {
  const instance = await duckDb.DuckDBInstance.create(database, {
    ...QUIET,
    access_mode: 'READ_ONLY',
    enable_external_access: 'false',
    max_temp_directory_size: MAX_SPILL,
  });
  try {
    const connection = await instance.connect();
    await connection.run('SET lock_configuration = true');
    const result = await startQuery(duckDb, connection, sql).catch((thrown) => {
      throw wrong(thrown);
    });
    await printer.head(result.deduplicatedColumnNames());
    const rows = result.yieldConvertedRows(plainValues(duckDb))[Symbol.asyncIterator]();
    for (;;) {
      // A query may fail at a later row; what the printer fails at is no mistake of the query.
      const next = await rows.next().catch((thrown) => {
        throw wrong(thrown);
      });
      if (next.done) break;
      for (const row of next.value) await printer.row(row);
    }
    await printer.end();
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
}

async function startQuery(
  { StatementType: { SELECT } }: DuckDb,
  connection: DuckDbConnection,
  sql: string,
): Promise<DuckDbResult> {
  const statements = sql.trim() ? await connection.extractStatements(sql) : null;
  const statement = statements?.count === 1 ? await statements.prepare(0) : null;
  if (statement?.statementType === SELECT) return statement.stream();
  throw new UndertoneError(
    'parameter-invalid',
    '--sql takes one SELECT over the table labels, which it cannot change.',
  );
}

function wrong(thrown: unknown): UndertoneError {
  if (thrown instanceof UndertoneError) return thrown;
  return new UndertoneError(
    'parameter-invalid',
    `DuckDB cannot answer this query: ${sentence(thrown)} The table is labels; DESCRIBE labels lists its columns.`,
    { cause: thrown },
  );
}

/** Values as JSON has them: numbers where they are exact, objects for maps, times as text. */
function plainValues({ DuckDBTypeId, JsonDuckDBValueConverter }: DuckDb): DuckDbConverter {
  const { BIGINT, UBIGINT, HUGEINT, DECIMAL, MAP } = DuckDBTypeId;
  const numbers = [BIGINT, UBIGINT, HUGEINT, DECIMAL];
  return (value, type, converter) => {
    const plain = JsonDuckDBValueConverter(value, type, converter);
    if (type.typeId === MAP && Array.isArray(plain)) {
      return Object.fromEntries(plain.map(({ key, value: of }) => [String(key), of]));
    }
    if (typeof plain !== 'string' || !numbers.includes(type.typeId)) return plain;
    const number = Number(plain);
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? plain : number;
  };
}

/** The message of DuckDB as one sentence, without the excerpt of the query below it. */
function sentence(thrown: unknown): string {
  const [message] = (thrown as Error).message.split(/\n+LINE \d+:/);
  return message
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/[.!]?$/, '.');
}

/** Makes a folder for this user only, which is removed however the command ends. */
function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'undertone-labels-'));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const remove = () => {
    for (const signal of signals) process.off(signal, onSignal);
    process.stdout.off('error', remove);
    rmSync(path, { recursive: true, force: true });
  };
  const onSignal = (signal: NodeJS.Signals) => {
    remove();
    process.kill(process.pid, signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  // Ahead of what ends the process when nobody reads its output any more.
  process.stdout.prependListener('error', remove);
  return { path, remove };
}
