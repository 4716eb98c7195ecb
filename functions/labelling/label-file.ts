import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { aws, namesFor, unavailable } from '../aws/clients.ts';
import type { CreatedObject } from '../aws/notification.ts';
import type { Outcome } from '../aws/results.ts';
import { LABELS_PREFIX } from '../infrastructure.ts';

/** Longest key of S3 in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/**
 * Returns the key at which the label of an object lies in the results bucket, in the partition of the
 * day (UTC) on which the object came. A name that would be too long becomes its SHA-256.
 *
 * @example
 * labelKey({ key: 'calls/1.ogg', uploadedAt: '2026-01-31T12:00:00.000Z' });
 * // 'labels/date=2026-01-31/calls/1.ogg.json'
 */
export function labelKey({ key, uploadedAt }: Pick<CreatedObject, 'key' | 'uploadedAt'>): string {
  const folder = `${LABELS_PREFIX}date=${uploadedAt.slice(0, 10)}`;
  const name = `${folder}/${key}.json`;
  if (Buffer.byteLength(name) <= MAX_KEY_BYTES) return name;
  return `${folder}/long/${createHash('sha256').update(key).digest('hex')}.json`;
}

/**
 * Writes the label of an object: one line of JSON.
 *
 * @throws UndertoneError `unavailable`
 */
export async function writeLabel(object: CreatedObject, outcome: Outcome): Promise<void> {
  const { key, versionId, etag, size, uploadedAt } = object;
  const line = {
    key,
    ...(versionId !== undefined && { versionId }),
    etag,
    size,
    uploadedAt,
    labelledAt: new Date().toISOString(),
    ...('verdict' in outcome ? outcome.verdict : outcome),
  };
  const put = new PutObjectCommand({
    Bucket: namesFor('labelling').UNDERTONE_RESULTS_BUCKET,
    Key: labelKey(object),
    Body: `${JSON.stringify(line)}\n`,
    ContentType: 'application/json',
  });
  await aws()
    .s3.send(put)
    .catch((cause) => {
      throw unavailable(cause);
    });
}
