import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type _Object, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { UndertoneError } from '../../core/index.ts';
import { encodeKey } from '../../functions/aws/notification.ts';
import { UPLOADS_PREFIX } from '../../functions/infrastructure.ts';
import { awsError } from './aws-error.ts';
import { readCheckpoint, removeCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { s3Client, sqsClient } from './clients.ts';
import { Progress } from './progress.ts';
import { formatS3Url, type S3Location } from './s3-url.ts';
import { sendAll } from './send-batches.ts';

/** Objects that are enqueued before the checkpoint moves on: at most so many twice after a failure. */
const CHUNK = 100;

export interface BackfillOptions {
  /** The address of the labelling queue. */
  readonly queueUrl?: string;
  /** Whether to go on where the last call with the same bucket, prefix and queue ended. */
  readonly resume?: boolean;
  /** File that holds how far it has come. */
  readonly checkpoint?: string;
}

/**
 * Puts the objects that are in a bucket already into the labelling queue, as if they came now. Labels
 * are made by the functions behind it, which leave alone what they have labelled already.
 *
 * @throws UndertoneError when there is no queue, or the bucket or the queue cannot be used. How far it
 * came is kept: it can be resumed.
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
      last ? `Going on after ${last.enqueued}.` : 'Nothing to resume: starting at the first.',
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
      console.error(`Enqueued ${progress.count}. Go on with the same line and --resume.`);
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
  if (text && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new UndertoneError(
    'parameter-invalid',
    text
      ? `${text} is not the address of a queue. It begins with https:// and is among the outputs of the deployment.`
      : 'No queue is named. Give its address with --queue-url, or set UNDERTONE_QUEUE_URL.',
  );
}

function defaultCheckpoint(source: string, queueUrl: string): string {
  const name = createHash('sha256').update(`${source} ${queueUrl}`).digest('hex').slice(0, 16);
  return join('.undertone', 'backfill', `${name}.json`);
}

/** Yields the objects in the order of their keys, a hundred at a time. */
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
  // Uploads through the API are labelled on their own and expire.
  return !isFolderMarker && !Key.startsWith(UPLOADS_PREFIX);
}

/** Returns the message that S3 would send about an object, with the time at which it came. */
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
