import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { LATE_LABELS_PREFIX } from '../../functions/infrastructure.ts';
import { awsError, s3Client } from './aws.ts';
import { formatS3Url, type LabelSource, type S3Location } from './s3-url.ts';

/** Labels fetched at a time. */
const CONCURRENCY = 32;

/** First and last day, YYYY-MM-DD (UTC), both included. */
export interface Days {
  readonly from?: string;
  readonly to?: string;
}

/** One label. JSON output includes any further fields. */
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

export type Label = z.infer<typeof labelSchema>;

/** A label as it was found, or a file that is none. */
export interface FoundLabel {
  /** Key or path of its file. */
  readonly name: string;
  /** The day on which its recording came (UTC), or empty. */
  readonly date: string;
  /** Null when it is not a label. */
  readonly label: Label | null;
}

/**
 * Yields the labels of some days, in the order of days and names where each day has a folder.
 *
 * @throws UndertoneError when the bucket, the folder or the file cannot be read
 */
export async function* labelsIn(source: LabelSource, days: Days): AsyncGenerator<FoundLabel> {
  if ('path' in source) return yield* localLabels(source.path, days);
  const client = s3Client();
  try {
    yield* storedLabels(client, source, days);
  } finally {
    client.destroy();
  }
}

/** Yields labels of a bucket, while the next ones are being fetched. */
async function* storedLabels(
  client: S3Client,
  location: S3Location,
  days: Days,
): AsyncGenerator<FoundLabel> {
  const pending: Promise<FoundLabel | null>[] = [];
  for await (const key of labelKeys(client, location, days)) {
    const fetched = fetchLabel(client, location, key);
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
  days: Days,
): AsyncGenerator<string> {
  const { bucket, prefix } = location;
  // Days are listed in order, so those before the first one can be skipped.
  const first = /(^|\/)$/.test(prefix) && days.from ? `${prefix}date=${days.from}` : undefined;
  const pages = paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: prefix, ...(first && { StartAfter: first }) },
  );
  try {
    for await (const { Contents = [] } of pages) {
      for (const { Key: key = '' } of Contents) {
        // Copies for the catalogue: the label itself is in the folder of its day.
        if (!key.endsWith('.json') || key.startsWith(LATE_LABELS_PREFIX)) continue;
        if (isWithin(dayOfFolder(key), days)) yield key;
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
  key: string,
): Promise<FoundLabel | null> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const label = parseLabel((await Body?.transformToString()) ?? '');
    return { name: key, date: dayOfFolder(key), label };
  } catch (thrown) {
    if ((thrown as Error).name === 'NoSuchKey') return null;
    throw awsError(`Reading s3://${bucket}/${key}`, thrown);
  }
}

/**
 * Yields labels of this machine: a copy of a results bucket, the folder of `undertone watch`, or lines of
 * JSON.
 */
async function* localLabels(path: string, days: Days): AsyncGenerator<FoundLabel> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    for (const name of isFolder ? await jsonFilesIn(path) : [path]) {
      if (!isWithin(dayOfFolder(name), days)) continue;
      for await (const found of labelsOfFile(name, isFolder)) {
        if (isWithin(found.date, days)) yield found;
      }
    }
  } catch (cause) {
    const { code, path: failed = path } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    const what = code === 'ENOENT' ? 'There is no such folder or file' : `It fails with ${code}`;
    throw new UndertoneError(
      'not-found',
      `Cannot read ${failed}: ${what}. Give s3://bucket/labels/, or a folder or file with labels.`,
      { cause },
    );
  }
}

/** Links to files are followed, and links to folders are not, which could lead in circles. */
async function jsonFilesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names: string[] = [];
  for (const entry of entries) {
    if (!/\.jsonl?$/.test(entry.name)) continue;
    const name = join(entry.parentPath, entry.name);
    // One that leads nowhere is told as what cannot be read.
    const isFile = async () => (await stat(name).catch(() => null))?.isFile() ?? true;
    if (entry.isFile() || (entry.isSymbolicLink() && (await isFile()))) names.push(name);
  }
  return names.sort();
}

/** @param isOneOfMany whether one that cannot be read must not hide the others */
async function* labelsOfFile(path: string, isOneOfMany: boolean): AsyncGenerator<FoundLabel> {
  if (!path.endsWith('.jsonl')) {
    try {
      const label = parseLabel(await readFile(path, 'utf8'));
      yield dated(path, label, (await stat(path)).mtime);
    } catch (error) {
      if (!isOneOfMany || (error as NodeJS.ErrnoException).code === undefined) throw error;
      yield dated(path, null);
    }
    return;
  }
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  let count = 0;
  for await (const line of lines) {
    count++;
    if (line.trim() !== '') yield dated(`${path}, line ${count},`, parseLabel(line));
  }
}

/** @param arrived when the recording came, for labels that do not say so: those of watched folders */
function dated(name: string, label: Label | null, arrived?: Date): FoundLabel {
  const uploadedAt = label?.uploadedAt ?? arrived?.toISOString();
  const date = dayOfFolder(name) || (uploadedAt ?? '').slice(0, 10);
  return { name, date, label: label && uploadedAt ? { ...label, uploadedAt } : label };
}

/** Reads a label; those of watched folders call the key of their recording `file`. */
function parseLabel(text: string): Label | null {
  try {
    const label = JSON.parse(text);
    if (typeof label.file !== 'string' || 'key' in label) return labelSchema.parse(label);
    const { file: key, ...rest } = label;
    return labelSchema.parse({ key, ...rest });
  } catch {
    return null;
  }
}

function dayOfFolder(path: string): string {
  return /(?:^|[/\\])date=(\d{4}-\d\d-\d\d)[/\\]/.exec(path)?.[1] ?? '';
}

/** What has no day is always included. */
function isWithin(date: string, { from = '', to = '9999-12-31' }: Days): boolean {
  return date === '' || (date >= from && date <= to);
}
