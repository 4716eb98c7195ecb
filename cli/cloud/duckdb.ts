import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UndertoneError } from '../../core/index.ts';
import { LABEL_COLUMNS } from '../../functions/infrastructure.ts';
import { ROOT } from '../../lib/root.ts';

const PACKAGE = '@duckdb/node-api';
/** The version that the tests use. */
const VERSION = '1.5.6-r.1';

/** A type of DuckDB; `typeId` is one of {@link DuckDb.DuckDBTypeId}. */
export interface DuckDbType {
  readonly typeId: number;
}

export type DuckDbConverter = (
  value: unknown,
  type: DuckDbType,
  converter: DuckDbConverter,
) => unknown;

export interface DuckDbResult {
  deduplicatedColumnNames(): string[];
  yieldConvertedRows(converter: DuckDbConverter): AsyncIterable<unknown[][]>;
}

interface DuckDbStatement {
  readonly statementType: number;
  stream(): Promise<DuckDbResult>;
}

export interface DuckDbConnection {
  run(sql: string): Promise<DuckDbResult>;
  runAndReadAll(sql: string): Promise<{ getRowsJson(): unknown[][] }>;
  extractStatements(
    sql: string,
  ): Promise<{ readonly count: number; prepare(index: number): Promise<DuckDbStatement> }>;
  closeSync(): void;
}

export interface DuckDbInstance {
  connect(): Promise<DuckDbConnection>;
  closeSync(): void;
}

/** What is used of the optional package @duckdb/node-api, whose types are there only where it is. */
export interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string, options: Readonly<Record<string, string>>): Promise<DuckDbInstance>;
  };
  readonly DuckDBTypeId: Readonly<
    Record<'BIGINT' | 'HUGEINT' | 'UBIGINT' | 'DECIMAL' | 'MAP', number>
  >;
  readonly StatementType: Readonly<Record<'SELECT', number>>;
  readonly JsonDuckDBValueConverter: DuckDbConverter;
}

/**
 * Loads DuckDB from the folder in UNDERTONE_DUCKDB, from the project in the working folder, from this one, or
 * from where npm installs globally. It is not a dependency: it has 71 MB, and most people do without it.
 *
 * @throws UndertoneError `setting-invalid` that says how to get it
 */
export async function loadDuckDb(): Promise<DuckDb> {
  const { resolve } = createRequire(import.meta.url);
  const { UNDERTONE_DUCKDB: chosen } = process.env;
  let path: string;
  try {
    path = resolve(PACKAGE, { paths: chosen ? [chosen] : [process.cwd(), ROOT, globalFolder()] });
  } catch (cause) {
    throw new UndertoneError(
      'setting-invalid',
      `This needs DuckDB, which is not installed. Get it with: npm install --global ${PACKAGE}@${VERSION}`,
      { cause },
    );
  }
  try {
    return (await import(pathToFileURL(path).href)).default;
  } catch (cause) {
    throw new UndertoneError(
      'setting-invalid',
      `DuckDB cannot be loaded from ${path}: ${(cause as Error).message.split('\n')[0]}. Install it again with: npm install --global ${PACKAGE}@${VERSION}`,
      { cause },
    );
  }
}

/** The folder whose node_modules has what `npm install --global` installs. */
function globalFolder(): string {
  const { npm_config_prefix: prefix, APPDATA = '' } = process.env;
  if (process.platform === 'win32') return prefix ?? join(APPDATA, 'npm');
  return join(prefix ?? dirname(dirname(process.execPath)), 'lib');
}

/** Settings with which DuckDB loads nothing and leaves some memory to others. */
export const QUIET = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  memory_limit: '1GB',
  threads: '4',
} as const;

/** The columns of lines of JSON with labels and their day, as `read_json` wants them. */
export const JSON_COLUMNS = `{${[...LABEL_COLUMNS, { name: 'date', type: 'string' }]
  .map(({ name, type }) => `"${name}": '${duckDbType(type)}'`)
  .join(', ')}}`;

/** The columns of Athena's table, selected from such lines. */
export const LABELS_OF_JSON = [...LABEL_COLUMNS, { name: 'date' }]
  .map(({ name }) => `"${name}" AS "${name.toLowerCase()}"`)
  .join(', ');

/** Functions of Athena that the queries of the documents use. */
export const ATHENA_FUNCTIONS =
  'CREATE MACRO date_format(moment, format) AS strftime(moment, format)';

/**
 * Returns a type of Athena as DuckDB names it.
 *
 * @example
 * duckDbType('array<struct<start:double>>'); // 'STRUCT("start" double)[]'
 */
export function duckDbType(type: string): string {
  const [, array] = /^array<(.*)>$/.exec(type) ?? [];
  if (array !== undefined) return `${duckDbType(array)}[]`;
  const [, map] = /^map<(.*)>$/.exec(type) ?? [];
  if (map !== undefined) return `MAP(${split(map).map(duckDbType).join(', ')})`;
  const [, struct] = /^struct<(.*)>$/.exec(type) ?? [];
  if (struct === undefined) return type === 'string' ? 'varchar' : type;
  const fields = split(struct).map((field) => {
    const [, name, of] = /^`?(\w+)`?:(.*)$/.exec(field) ?? [];
    return `"${name}" ${duckDbType(of)}`;
  });
  return `STRUCT(${fields.join(', ')})`;
}

/** Splits at the commas that are in no angle brackets. */
function split(list: string): string[] {
  let depth = 0;
  const parts = [''];
  for (const character of list) {
    if (character === '<') depth++;
    if (character === '>') depth--;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
