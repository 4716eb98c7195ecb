import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import {
  ATHENA_FUNCTIONS,
  type DuckDb,
  duckDbType,
  JSON_COLUMNS,
  LABELS_OF_JSON,
  QUIET,
} from '../../cli/cloud/duckdb.ts';

/** The columns without the day, which the folders of the files tell. */
const FIELDS = LABELS_OF_JSON.replace(/, "date" AS "date"$/, '');

/** Athena's tables over the labels of a bucket, in DuckDB. */
export interface Athena extends AsyncDisposable {
  /** Runs a statement of Athena and returns its rows. */
  query(sql: string): Promise<unknown[][]>;
  /** Has the tables of JSON files show what is in the bucket now. */
  look(): Promise<void>;
}

/**
 * Runs the statements of Athena that DuckDB has as well as they are. Of the others, CREATE TABLE is
 * translated, and OPTIMIZE and VACUUM do nothing: they change no row.
 */
export async function startAthena(
  { DuckDBInstance }: DuckDb,
  s3: S3Client,
  Bucket: string,
): Promise<Athena> {
  const folder = await mkdtemp(join(tmpdir(), 'undertone-athena-'));
  const instance = await DuckDBInstance.create(':memory:', QUIET);
  const connection = await instance.connect();
  const query = async (sql: string) => {
    if (/^(OPTIMIZE|VACUUM) labels_compacted/.test(sql)) return [];
    return (await connection.runAndReadAll(translated(sql))).getRowsJson();
  };
  await query(ATHENA_FUNCTIONS);
  for (const [table, prefix, day] of [
    ['labels_json', 'labels', 'date'],
    ['labels_late', 'late', 'labelled'],
  ]) {
    // The table has a folder, and no row, from the start.
    await save(join(folder, prefix, `${day}=2026-01-01`, 'none.json'), '');
    await query(
      `CREATE VIEW ${table} AS
       SELECT ${FIELDS}, regexp_extract(filename, '^${folder}/${prefix}/${day}=(.{10})', 1) AS "${day}"
       FROM read_json('${folder}/${prefix}/**/*.json', format = 'newline_delimited', filename = true, columns = ${JSON_COLUMNS})`,
    );
  }
  const seen = new Map<string, string>();
  return {
    query,
    async look() {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
      for (const { Key = '', LastModified, ETag } of Contents) {
        const version = `${LastModified?.toISOString()} ${ETag}`;
        if (seen.get(Key) === version) continue;
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        await save(join(folder, Key), (await Body?.transformToString()) ?? '');
        seen.set(Key, version);
      }
      for (const key of seen.keys()) {
        if (Contents.some(({ Key }) => Key === key)) continue;
        await rm(join(folder, key));
        seen.delete(key);
      }
    },
    async [Symbol.asyncDispose]() {
      connection.closeSync();
      instance.closeSync();
      await rm(folder, { recursive: true });
    },
  };
}

async function save(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Of Athena's CREATE TABLE for Iceberg, the columns. */
function translated(sql: string): string {
  const [, name, columns] =
    /^CREATE TABLE IF NOT EXISTS (\w+) \(\n(.*?)\n\)\nPARTITIONED BY .*'ICEBERG'/s.exec(sql) ?? [];
  if (name === undefined) return sql;
  const types = columns.split(',\n').map((column) => {
    const [, column_, type] = /^ *`?(\w+)`? (.*)$/.exec(column) ?? [];
    return `"${column_}" ${duckDbType(type)}`;
  });
  return `CREATE TABLE IF NOT EXISTS ${name} (${types.join(', ')})`;
}
