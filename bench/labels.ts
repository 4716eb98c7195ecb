import { createWriteStream, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  ATHENA_FUNCTIONS,
  type DuckDbConnection,
  JSON_COLUMNS,
  LABELS_OF_JSON,
  loadDuckDb,
  QUIET,
} from '../cli/cloud/duckdb.ts';
import { classify, EMOTIONS, type Label, UndertoneError, type Verdict } from '../core/index.ts';
import type { Outcome } from '../functions/aws/results.ts';
import { ANGRY_NOTES_PER_DAY } from '../functions/infrastructure.ts';
import { labelLine } from '../functions/labelling/label-file.ts';
import { createRandom, type Random } from '../training/random.ts';
import { samplePath } from './measure.ts';

const COUNT = Number(process.env.UNDERTONE_LABELS ?? 1_000_000);
/** Labels that are generated and loaded at a time. */
const CHUNK = 50_000;
/** They came in the last thirty days. */
const DAYS = 30;
/** Most notes are short; a long one has a timeline of many segments. */
const SAMPLES = [
  'plain.ogg',
  'fast-high.ogg',
  'slow-low.ogg',
  'plain.ogg',
  'noise.ogg',
  'long.ogg',
];
/** Share of recordings that get an error. */
const ERRORS = 0.02;

/** Dollars, as in docs/deployment.md. */
const PRICES = { terabyte: 5, get: 0.4e-6, list: 5e-6 } as const;
/** Athena charges a query for as many bytes at least. */
const LEAST_BYTES = 10e6;
/** Requests for a Parquet file: its footer, and the ranges with the columns of the query. */
const REQUESTS_PER_FILE = 8;
/** Days of JSON files that a query at any time reads on average: it is compacted at 01:30 the night after. */
const NOT_COMPACTED = 13.5 / 24;
/** The columns that the saved query reads, and the key, by which the view finds late labels. */
const READ = ['date', 'emotion', 'error', 'key'];

/**
 * What the saved query of the catalogue reads of many labels, as JSON files and as Parquet, and what Athena
 * and S3 charge for it. Prints the table of docs/batch.md. It needs DuckDB, which is optional.
 */
export async function benchLabels(): Promise<void> {
  const duckDb = await loadDuckDb().catch((error) => {
    if (!(error instanceof UndertoneError)) throw error;
    console.log(`\nSkipped the labels: ${error.message}`);
  });
  if (!duckDb) return;
  const folder = await mkdtemp(join(tmpdir(), 'undertone-bench-'));
  const instance = await duckDb.DuckDBInstance.create(join(folder, 'labels.duckdb'), QUIET);
  try {
    const connection = await instance.connect();
    await connection.run(ATHENA_FUNCTIONS);
    const jsonBytes = await generate(connection, folder);
    const parquet = join(folder, 'labels.parquet');
    await connection.run(
      `COPY (SELECT * FROM labels ORDER BY "date") TO '${parquet}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    await connection.run('DROP TABLE labels');
    await connection.run(`CREATE VIEW labels AS SELECT * FROM '${parquet}'`);
    const columns = await columnBytes(connection, parquet);
    const started = performance.now();
    await connection.runAndReadAll(ANGRY_NOTES_PER_DAY);
    const seconds = (performance.now() - started) / 1000;
    report({ jsonBytes, parquetBytes: statSync(parquet).size, columns, seconds });
    connection.closeSync();
  } finally {
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
}

/** Fills the table `labels` and returns the bytes that the labels have as JSON files. */
async function generate(connection: DuckDbConnection, folder: string): Promise<number> {
  const verdicts = await Promise.all(
    SAMPLES.map(async (name) => classify(await readFile(samplePath(name)))),
  );
  const random = createRandom(1);
  const lines = join(folder, 'chunk.jsonl');
  let bytes = 0;
  for (let first = 0; first < COUNT; first += CHUNK) {
    await pipeline(
      Readable.from(chunk(Math.min(CHUNK, COUNT - first), verdicts, random)),
      createWriteStream(lines),
    );
    bytes += statSync(lines).size;
    const fields = LABELS_OF_JSON.replace(/"date" AS/, 'substr("uploadedAt", 1, 10) AS');
    const select = `SELECT ${fields} FROM read_json('${lines}', format = 'newline_delimited', columns = ${JSON_COLUMNS})`;
    await connection.run(
      first === 0 ? `CREATE TABLE labels AS ${select}` : `INSERT INTO labels ${select}`,
    );
  }
  return bytes;
}

function* chunk(count: number, verdicts: readonly Verdict[], random: Random): Generator<string> {
  for (let i = 0; i < count; i++) {
    const uploaded = Date.now() - random.uniform() * DAYS * 24 * 3_600_000;
    const uploadedAt = new Date(uploaded).toISOString();
    const object = {
      bucket: 'undertone-inbox',
      key: `calls/${uploadedAt.slice(0, 10)}/${hex(random, 12)}.ogg`,
      size: 8000 + random.integer(40_000),
      etag: hex(random, 32),
      uploadedAt,
    };
    const labelledAt = new Date(uploaded + 1000 + random.integer(9000)).toISOString();
    yield labelLine(object, outcome(verdicts[random.integer(verdicts.length)], random), labelledAt);
  }
}

/** A verdict with other figures, as those of other recordings are, or an error. */
function outcome(verdict: Verdict, random: Random): Outcome {
  if (random.uniform() < ERRORS) {
    return { error: { code: 'format-unsupported', message: 'This is text, not a recording.' } };
  }
  const { probabilities: given, timeline = [], ...rest } = verdict;
  if (!given) return { verdict };
  const probabilities = varied(random);
  const best = EMOTIONS.reduce((a, b) => (probabilities[a] >= probabilities[b] ? a : b));
  const confidence = probabilities[best];
  const emotion: Label = confidence >= 0.72 ? best : 'uncertain';
  const segments = timeline.map((segment) => ({
    ...segment,
    ...(segment.probabilities && { probabilities: varied(random) }),
    emotion,
    confidence,
  }));
  return { verdict: { ...rest, emotion, confidence, probabilities, timeline: segments } };
}

function varied(random: Random): Record<(typeof EMOTIONS)[number], number> {
  const weights = EMOTIONS.map(() => random.uniform() ** 4 + 0.01);
  const sum = weights.reduce((a, b) => a + b);
  const entries = EMOTIONS.map((name, i) => [name, Number((weights[i] / sum).toFixed(6))]);
  return Object.fromEntries(entries);
}

function hex(random: Random, digits: number): string {
  return Array.from({ length: digits }, () => random.integer(16).toString(16)).join('');
}

/** Returns the compressed bytes of each column of a Parquet file. */
async function columnBytes(
  connection: DuckDbConnection,
  path: string,
): Promise<ReadonlyMap<string, number>> {
  const reader = await connection.runAndReadAll(
    `SELECT split_part(path_in_schema, ',', 1) AS name, sum(total_compressed_size)::DOUBLE
     FROM parquet_metadata('${path}') GROUP BY name`,
  );
  return new Map(reader.getRowsJson() as [string, number][]);
}

interface Measured {
  readonly jsonBytes: number;
  readonly parquetBytes: number;
  readonly columns: ReadonlyMap<string, number>;
  readonly seconds: number;
}

function report({ jsonBytes, parquetBytes, columns, seconds }: Measured): void {
  const scanned = READ.reduce((sum, name) => sum + (columns.get(name) ?? 0), 0);
  const json = (share: number) => ({
    bytes: jsonBytes * share,
    gets: Math.round(COUNT * share),
    lists: Math.ceil((COUNT * share) / 1000),
  });
  const parquet = { bytes: scanned, gets: REQUESTS_PER_FILE * DAYS, lists: 0 };
  const today = json(NOT_COMPACTED / DAYS);
  const ways = [
    json(1),
    {
      bytes: parquet.bytes + today.bytes,
      gets: parquet.gets + today.gets,
      lists: today.lists,
    },
    parquet,
  ];
  console.log(
    `\nThe saved query over ${count(COUNT)} labels of ${DAYS} days: ${size(jsonBytes)} of JSON files, ${size(parquetBytes)} of Parquet`,
  );
  row(['', 'JSON files', 'compacted, with today', 'without today']);
  row(['scanned by Athena', ...ways.map(({ bytes }) => size(bytes))]);
  row(['requests to S3', ...ways.map(({ gets, lists }) => count(gets + lists))]);
  row(['price, $', ...ways.map((way) => price(way).toFixed(5))]);
  row(['ratio', ...ways.map((way) => `${(price(ways[0]) / price(way)).toFixed(0)}×`)]);
  console.log(`DuckDB answers it from the Parquet file in ${seconds.toFixed(2)} s.`);
  const largest = [...columns].sort(([, a], [, b]) => b - a).slice(0, 6);
  const sizes = largest.map(([name, bytes]) => `${name} ${size(bytes)}`);
  console.log(`Largest columns of Parquet: ${sizes.join(', ')}.`);
}

/** Dollars that Athena and S3 charge for a query. */
function price({ bytes, gets, lists }: Record<'bytes' | 'gets' | 'lists', number>): number {
  const { terabyte, get, list } = PRICES;
  return (Math.max(bytes, LEAST_BYTES) * terabyte) / 1e12 + gets * get + lists * list;
}

function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
