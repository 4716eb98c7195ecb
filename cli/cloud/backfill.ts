import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type _Object, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { encodeKey } from '../../functions/aws/notification.ts';
import { isDevice, writeAtomically } from '../../lib/files.ts';
import { parseUrl } from '../../lib/url.ts';
import { awsError, s3Client, sendAll, sqsClient } from './aws.ts';
import { formatS3Url, type S3Location } from './s3-url.ts';

/** Objects between two checkpoints, so at most this many are enqueued twice after a failure. */
const CHUNK = 100;

export interface BackfillOptions {
  /** URL of the labelling queue. */
  readonly queueUrl?: string;
  /** Whether to continue where the last run with the same bucket, prefix and queue ended. */
  readonly resume?: boolean;
  /** File that stores the progress. */
  readonly checkpoint?: string;
}

/**
 * Sends the objects of a bucket to the labelling queue, as if they were new. The function behind the queue
 * skips objects that it has already labelled.
 *
 * @throws UndertoneError when the bucket or the queue cannot be used; the run can be resumed then
 */
export async function backfillCommand(
  location: S3Location,
  options: BackfillOptions,
): Promise<void> {
  const queueUrl = checkQueueUrl(options.queueUrl ?? process.env.UNDERTONE_QUEUE_URL);
  const source = formatS3Url(location);
  const path = options.checkpoint ?? defaultCheckpoint(source, queueUrl);
  const last = options.resume ? await readCheckpoint(path, { source, queueUrl }) : null;
  if (options.resume) {
    console.error(
      last
        ? `Continuing after ${last.enqueued}.`
        : 'Nothing to resume: starting with the first object.',
    );
  }
  const clients = { s3: s3Client(), sqs: sqsClient(queueUrl) };
  const progress = new Progress('enqueued', last?.enqueued ?? 0);
  let after = last?.after;
  try {
    for await (const objects of chunksOf(clients.s3, location, after)) {
      const bodies = objects.filter(isRecording).map((object) => notification(location, object));
      await sendAll(clients.sqs, queueUrl, bodies);
      progress.add(bodies.length);
      after = objects.at(-1)?.Key ?? '';
      await writeCheckpoint(path, { source, queueUrl, after, enqueued: progress.count });
    }
  } catch (thrown) {
    progress.stop();
    if (after !== undefined) {
      console.error(`Enqueued ${progress.count}. To continue, add --resume to the same command.`);
    }
    throw thrown;
  } finally {
    clients.s3.destroy();
    clients.sqs.destroy();
  }
  progress.stop();
  await removeCheckpoint(path);
  console.error(`Enqueued ${progress.count} from ${source}.`);
}

function checkQueueUrl(text: string | undefined): string {
  if (text && /^https?:$/.test(parseUrl(text)?.protocol ?? '')) return text;
  throw new UndertoneError(
    'parameter-invalid',
    text
      ? `${text} is not the URL of a queue. It begins with https:// and is one of the outputs of the deployment.`
      : 'Set the queue with --queue-url or UNDERTONE_QUEUE_URL.',
  );
}

function defaultCheckpoint(source: string, queueUrl: string): string {
  const name = createHash('sha256').update(`${source} ${queueUrl}`).digest('hex').slice(0, 16);
  return join('.undertone', 'backfill', `${name}.json`);
}

/** Yields the objects in the order of their keys, in chunks. */
async function* chunksOf(
  client: S3Client,
  { bucket, prefix }: S3Location,
  after: string | undefined,
): AsyncGenerator<_Object[]> {
  const pages = paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: prefix, ...(after !== undefined && { StartAfter: after }) },
  );
  try {
    for await (const { Contents = [] } of pages) {
      for (let first = 0; first < Contents.length; first += CHUNK) {
        yield Contents.slice(first, first + CHUNK);
      }
    }
  } catch (thrown) {
    throw awsError(`Listing s3://${bucket}/${prefix}`, thrown);
  }
}

function isRecording({ Key = '', Size = 0 }: _Object): boolean {
  const isFolderMarker = Key.endsWith('/') && Size === 0;
  return !isFolderMarker;
}

/** Returns the notification that S3 would send for an object, with its upload time. */
function notification({ bucket }: S3Location, { Key = '', Size, ETag, LastModified }: _Object) {
  const object = { key: encodeKey(Key), size: Size, eTag: ETag?.replaceAll('"', '') };
  return JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        eventTime: LastModified?.toISOString(),
        eventName: 'ObjectCreated:Backfill',
        s3: { bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` }, object },
      },
    ],
  });
}

const checkpointSchema = z.object({
  source: z.string(),
  queueUrl: z.string(),
  /** Everything up to this key is in the queue; keys are listed in the order of their bytes. */
  after: z.string(),
  enqueued: z.number().int().min(0),
});

/** Progress of a backfill. */
type Checkpoint = Readonly<z.infer<typeof checkpointSchema>>;

/**
 * Returns the checkpoint of a backfill, or null.
 *
 * @throws UndertoneError when the file is not a checkpoint, or belongs to another backfill
 */
async function readCheckpoint(
  path: string,
  { source, queueUrl }: Pick<Checkpoint, 'source' | 'queueUrl'>,
): Promise<Checkpoint | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new UndertoneError(
      'setting-invalid',
      `Cannot read the checkpoint ${path}. Check its permissions, or name another file with --checkpoint.`,
      { cause },
    );
  }
  const parsed = checkpointSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new UndertoneError(
      'parameter-invalid',
      `${path} is not the checkpoint of a backfill. Name another file with --checkpoint, or start without --resume.`,
      { cause: parsed.error },
    );
  }
  const checkpoint = parsed.data;
  if (checkpoint.source === source && checkpoint.queueUrl === queueUrl) return checkpoint;
  throw new UndertoneError(
    'parameter-invalid',
    `The checkpoint ${path} is about ${checkpoint.source} and the queue ${checkpoint.queueUrl}. Name another file with --checkpoint, or start without --resume.`,
  );
}

/** Writes a checkpoint in one step. */
async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  try {
    await writeAtomically(path, `${JSON.stringify(checkpoint, null, 2)}\n`);
  } catch (cause) {
    throw new UndertoneError(
      'folder-unwritable',
      `Cannot write the checkpoint ${path}: ${(cause as Error).message}. Name another file with --checkpoint.`,
      { cause },
    );
  }
}

async function removeCheckpoint(path: string): Promise<void> {
  if (!(await isDevice(path))) await rm(path, { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Milliseconds between two lines of progress on a terminal, and in a file. */
const SCREEN_INTERVAL = 200;
const FILE_INTERVAL = 10_000;

/** Shows on stderr how many are done, when the total is unknown. */
class Progress {
  readonly #done: string;
  readonly #before: number;
  readonly #began = performance.now();
  #told = performance.now();
  #count: number;

  /**
   * @param done participle for the line, such as `enqueued`
   * @param before number done in earlier runs
   */
  constructor(done: string, before = 0) {
    this.#done = done;
    this.#before = before;
    this.#count = before;
  }

  get count(): number {
    return this.#count;
  }

  add(count: number): void {
    this.#count += count;
    const isScreen = !!process.stderr.isTTY;
    const now = performance.now();
    if (now - this.#told < (isScreen ? SCREEN_INTERVAL : FILE_INTERVAL)) return;
    this.#told = now;
    const rate = ((this.#count - this.#before) / (now - this.#began)) * 1000;
    const line = `${this.#count} ${this.#done}, ${rate.toFixed(0)} a second`;
    process.stderr.write(isScreen ? `\r\u001b[K${line}` : `${line}\n`);
  }

  /** Clears the line. */
  stop(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  }
}
