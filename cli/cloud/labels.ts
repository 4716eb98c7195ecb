import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { EMOTIONS, UndertoneError } from '../../core/index.ts';
import { csvLine } from '../../lib/csv.ts';
import { awsError, s3Client } from './aws.ts';
import { formatS3Url, type S3Location } from './s3-url.ts';

/** Labels fetched at a time. */
const CONCURRENCY = 32;

export interface LabelsOptions {
  readonly csv?: boolean;
  readonly jsonl?: boolean;
  /** First and last day, YYYY-MM-DD (UTC), both included. */
  readonly from?: string;
  readonly to?: string;
}

/** One label of the results bucket. JSON output includes any further fields. */
const labelSchema = z.looseObject({
  key: z.string(),
  emotion: z.string().optional(),
  confidence: z.number().optional(),
  probabilities: z.record(z.string(), z.number()).nullish(),
  duration: z.number().optional(),
  size: z.number().optional(),
  uploadedAt: z.string().optional(),
  labelledAt: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

type Label = z.infer<typeof labelSchema>;

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
 * Prints the labels of a results bucket as CSV or JSON lines, in the order of their days and keys.
 *
 * @returns whether all of them could be read
 * @throws UndertoneError when there are none, or the bucket cannot be used
 */
export async function labelsCommand(
  location: S3Location,
  options: LabelsOptions,
): Promise<boolean> {
  if (options.csv && options.jsonl) {
    throw new UndertoneError('parameter-invalid', 'Choose one of --csv and --jsonl.');
  }
  const client = s3Client();
  const damaged: string[] = [];
  let count = 0;
  try {
    const print = options.jsonl ? printJson : printCsv;
    if (!options.jsonl) await write(csvLine(COLUMNS));
    for await (const { key, date, text } of labelTexts(client, location, options)) {
      count++;
      const label = parseLabel(text);
      if (label) await print(date, label);
      else damaged.push(key);
    }
  } finally {
    client.destroy();
  }
  if (count === 0) {
    const source = formatS3Url(location);
    throw new UndertoneError('not-found', `There are no labels in ${source} for these days.`);
  }
  for (const key of damaged) console.error(`${key} is not a label.`);
  return damaged.length === 0;
}

interface LabelText {
  readonly key: string;
  /** The day of its folder, or empty. */
  readonly date: string;
  readonly text: string;
}

/** Yields the labels in order, while the next ones are being fetched. */
async function* labelTexts(
  client: S3Client,
  location: S3Location,
  options: LabelsOptions,
): AsyncGenerator<LabelText> {
  const pending: Promise<LabelText | null>[] = [];
  for await (const found of labelKeys(client, location, options)) {
    const fetched = fetchLabel(client, location, found);
    // Awaited in order; until then a failure must not count as unhandled.
    fetched.catch(() => {});
    pending.push(fetched);
    if (pending.length < CONCURRENCY) continue;
    const label = await pending.shift();
    if (label) yield label;
  }
  for (const fetched of pending) {
    const label = await fetched;
    if (label) yield label;
  }
}

async function* labelKeys(
  client: S3Client,
  location: S3Location,
  { from = '', to = '9999-12-31' }: LabelsOptions,
): AsyncGenerator<{ key: string; date: string }> {
  const { bucket, prefix } = location;
  // Days are listed in order, so those before the first one can be skipped.
  const first = /(^|\/)$/.test(prefix) && from ? `${prefix}date=${from}` : undefined;
  const pages = paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: prefix, ...(first && { StartAfter: first }) },
  );
  try {
    for await (const { Contents = [] } of pages) {
      for (const { Key: key = '' } of Contents) {
        const [, date = ''] = /(?:^|\/)date=(\d{4}-\d\d-\d\d)\//.exec(key) ?? [];
        if (!key.endsWith('.json') || (date && (date < from || date > to))) continue;
        yield { key, date };
      }
    }
  } catch (thrown) {
    throw awsError(`Listing ${formatS3Url(location)}`, thrown);
  }
}

/** Returns null when the label has expired meanwhile. */
async function fetchLabel(
  client: S3Client,
  { bucket }: S3Location,
  { key, date }: { key: string; date: string },
): Promise<LabelText | null> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return { key, date, text: (await Body?.transformToString()) ?? '' };
  } catch (thrown) {
    if ((thrown as Error).name === 'NoSuchKey') return null;
    throw awsError(`Reading s3://${bucket}/${key}`, thrown);
  }
}

function parseLabel(text: string): Label | null {
  try {
    return labelSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
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

/** Waits for slow readers. */
function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
