import { LABEL_COLUMNS, type LabelColumn } from '../../functions/infrastructure.ts';

/** The tables of the catalogue. People query the view; the others are what it is made of. */
export const TABLES = {
  view: 'labels',
  json: 'labels_json',
  late: 'labels_late',
  compacted: 'labels_compacted',
} as const;

/** No label is older, so Athena looks at no earlier day. */
export const FIRST_DAY = '2026-01-01';
const BEFORE_FIRST_DAY = '2025-12-31';

/** The fields of a label as columns, without the day. */
export const COLUMNS: readonly LabelColumn[] = LABEL_COLUMNS.map((column) => ({
  ...column,
  name: column.name.toLowerCase(),
}));

const NAMES = COLUMNS.map(({ name }) => name);
const LIST = NAMES.join(', ');
/** The day of upload of a late label, whose table has the day of the label as its partition. */
const DAY_OF_UPLOAD = 'substr(uploadedat, 1, 10)';

/**
 * Days that the queries below get as text, since Athena skips the files of other days only where a
 * constant says so.
 */
export const DAYS = {
  /** Last day that is compacted when a run is done. */
  through: '{through}',
  /** Late labels written from this day on may be newer than what that run compacts. */
  since: '{since}',
  /** Last day that was compacted before the run. */
  after: '{after}',
  /** Late labels written from this day on may not be compacted yet. */
  changed: '{changed}',
  /** Labels written before this day have expired. */
  expired: '{expired}',
} as const;

/** The view before anything is compacted. */
export const NOTHING_COMPACTED = `SELECT ${LIST}, "date" FROM ${TABLES.json}`;

/**
 * Makes the table of compacted labels: Iceberg, whose commits are atomic, on Parquet files. Where it exists it
 * stays as it is: a version that adds a field has to add its column.
 */
export function createCompacted(location: string): string {
  const columns = COLUMNS.map(({ name, type }) => `\`${name}\` ${type}`);
  return `CREATE TABLE IF NOT EXISTS ${TABLES.compacted} (
  ${[...columns, 'uploadday string'].join(',\n  ')}
)
PARTITIONED BY (truncate(7, uploadday))
LOCATION '${location}'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'optimize_rewrite_delete_file_threshold' = '1',
  'vacuum_max_snapshot_age_seconds' = '3600'
)`;
}

/**
 * Says where the last run ended: the last day that is compacted, and the day before the last label was
 * written. Read from the table itself, so that a run that failed, or a table that was dropped, is made up for.
 */
export const WHERE_IT_ENDED = `SELECT coalesce(max(uploadday), '${BEFORE_FIRST_DAY}') AS last_day,
       coalesce(substr(cast(cast(substr(max(labelledat), 1, 10) AS date) - interval '1' day AS varchar), 1, 10), '${BEFORE_FIRST_DAY}') AS last_change
FROM ${TABLES.compacted}`;

/**
 * Adds the days since the last run, and the late labels of earlier days. One commit: readers see all of it
 * or nothing. Running it again changes nothing, as the latest label of a recording replaces what is there.
 */
export const COMPACT = `MERGE INTO ${TABLES.compacted} AS t
USING (
  SELECT ${LIST}, uploadday FROM (
    SELECT ${LIST}, uploadday,
           row_number() OVER (PARTITION BY uploadday, key ORDER BY labelledat DESC) AS newest
    FROM (
      SELECT ${LIST}, "date" AS uploadday FROM ${TABLES.json}
      WHERE "date" > '${DAYS.after}' AND "date" <= '${DAYS.through}'
      UNION ALL
      SELECT ${LIST}, ${DAY_OF_UPLOAD} AS uploadday FROM ${TABLES.late}
      WHERE labelled >= '${DAYS.changed}' AND ${DAY_OF_UPLOAD} <= '${DAYS.through}'
    )
  )
  WHERE newest = 1 AND key IS NOT NULL
) AS s
ON t.uploadday = s.uploadday AND t.key = s.key
WHEN MATCHED AND s.labelledat > t.labelledat THEN UPDATE SET
  ${NAMES.filter((name) => name !== 'key')
    .map((name) => `${name} = s.${name}`)
    .join(',\n  ')}
WHEN NOT MATCHED THEN INSERT (${LIST}, uploadday)
  VALUES (${[...NAMES, 'uploadday'].map((name) => `s.${name}`).join(', ')})`;

/**
 * Shows what is compacted up to a day, and the JSON files of the days after it. Both have the label of a
 * recording at most once, and a late label takes the place of the compacted one. A view of an earlier run
 * stays right, however many later runs have failed: it reads more JSON files.
 */
export const SHOW = `CREATE OR REPLACE VIEW ${TABLES.view} AS
WITH late AS (
  SELECT ${LIST}, "date" FROM (
    SELECT ${LIST}, ${DAY_OF_UPLOAD} AS "date",
           row_number() OVER (PARTITION BY ${DAY_OF_UPLOAD}, key ORDER BY labelledat DESC) AS newest
    FROM ${TABLES.late}
    WHERE labelled >= '${DAYS.since}' AND ${DAY_OF_UPLOAD} <= '${DAYS.through}'
  )
  WHERE newest = 1
)
SELECT ${LIST}, uploadday AS "date" FROM ${TABLES.compacted} AS c
WHERE uploadday <= '${DAYS.through}'
  AND NOT EXISTS (SELECT 1 FROM late WHERE late."date" = c.uploadday AND late.key = c.key)
UNION ALL
SELECT ${LIST}, "date" FROM late
UNION ALL
SELECT ${LIST}, "date" FROM ${TABLES.json}
WHERE "date" > '${DAYS.through}'`;

/** Deletes what the lifecycle rules of the bucket delete among the JSON files. */
export const EXPIRE = `DELETE FROM ${TABLES.compacted} WHERE labelledat < '${DAYS.expired}'`;

/** Packs the small files of each day into large ones, without deleted rows. */
export const PACK = `OPTIMIZE ${TABLES.compacted} REWRITE DATA USING BIN_PACK`;

/** Removes the files that only earlier states of the table need. */
export const CLEAN = `VACUUM ${TABLES.compacted}`;

/**
 * Returns a type as Athena names it in views.
 *
 * @example
 * prestoType('array<struct<start:double>>'); // 'array(row("start" double))'
 */
export function prestoType(type: string): string {
  return type
    .replaceAll(/`?(\w+)`?:/g, '"$1" ')
    .replaceAll('struct<', 'row<')
    .replaceAll('string', 'varchar')
    .replaceAll('<', '(')
    .replaceAll('>', ')');
}
