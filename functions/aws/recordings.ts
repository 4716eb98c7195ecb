import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPost } from '@aws-sdk/s3-presigned-post';
import { MAX_BYTES, tooLarge, UndertoneError } from '../../core/index.ts';
import { aws, namesFor, unavailable } from './clients.ts';
import type { CreatedObject } from './notification.ts';

/** Seconds for which a form takes an upload. */
export const FORM_SECONDS = 15 * 60;

/**
 * Returns a form that uploads one file of at most MAX_BYTES for a result, for FORM_SECONDS. The id of the
 * result is the key of the file in the bucket of uploads.
 *
 * @throws UndertoneError `unavailable` when there are no credentials to sign it with
 */
export async function uploadForm(id: string): Promise<PresignedPost> {
  return createPresignedPost(aws().s3, {
    Bucket: namesFor('uploads').UNDERTONE_UPLOADS_BUCKET,
    Key: id,
    Expires: FORM_SECONDS,
    Conditions: [['content-length-range', 1, MAX_BYTES]],
  }).catch((cause) => {
    throw unavailable(cause);
  });
}

/** Why an object that was announced is not read: it was deleted, or another one has its key now. */
export type Absence = 'gone' | 'replaced';

/**
 * Reads an object that was announced. One that was replaced meanwhile is announced again.
 *
 * @throws UndertoneError `audio-too-large`, told before anything is read; `audio-unreadable` when it
 * is archived; `unavailable`
 */
export async function readObject(object: CreatedObject): Promise<Uint8Array | Absence> {
  if (object.size > MAX_BYTES) throw tooLarge();
  const { s3 } = aws();
  const get = new GetObjectCommand({ Bucket: object.bucket, Key: object.key });
  const found = await s3.send(get).catch(explain);
  if (typeof found === 'string') return found;
  if (object.etag && unquoted(found.ETag) !== unquoted(object.etag)) {
    discard(found);
    return 'replaced';
  }
  if ((found.ContentLength ?? 0) > MAX_BYTES) {
    discard(found);
    throw tooLarge();
  }
  const bytes = await found.Body?.transformToByteArray().catch((cause) => {
    throw unavailable(cause);
  });
  return bytes ?? new Uint8Array();
}

function explain(error: Error): Absence {
  if (error.name === 'NoSuchKey' || error.name === 'NoSuchVersion') return 'gone';
  if (error.name === 'InvalidObjectState') {
    throw new UndertoneError(
      'audio-unreadable',
      'The object is in an archive and cannot be read. Restore it and copy it to the bucket again.',
    );
  }
  throw unavailable(error);
}

/** Closes the connection: what is still to come is not wanted. */
function discard({ Body }: GetObjectCommandOutput): void {
  if (Body && 'destroy' in Body) Body.destroy();
}

function unquoted(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', '');
}

/**
 * Deletes an upload. One that is not there is no error.
 *
 * @throws UndertoneError `unavailable`
 */
export async function deleteUpload(id: string): Promise<void> {
  await aws()
    .s3.send(
      new DeleteObjectCommand({ Bucket: namesFor('uploads').UNDERTONE_UPLOADS_BUCKET, Key: id }),
    )
    .catch((cause) => {
      throw unavailable(cause);
    });
}
