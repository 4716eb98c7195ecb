import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { aws, namesFor, unavailable } from '../aws/clients.ts';
import type { CreatedObject } from '../aws/notification.ts';
import type { Outcome } from '../aws/results.ts';
import { LABELS_PREFIX, LATE_LABELS_PREFIX } from '../infrastructure.ts';

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
  return keyIn(`${LABELS_PREFIX}date=${dayOf(uploadedAt)}`, key);
}

/**
 * Returns the key of the copy of a label that is written on a later day than the one on which its object
 * came; null on that day. The catalogue has compacted earlier days, and finds their changes by the copies.
 */
function lateLabelKey(
  { key, uploadedAt }: Pick<CreatedObject, 'key' | 'uploadedAt'>,
  labelledAt: string,
): string | null {
  const [uploaded, labelled] = [dayOf(uploadedAt), dayOf(labelledAt)];
  if (labelled <= uploaded) return null;
  return keyIn(`${LATE_LABELS_PREFIX}labelled=${labelled}/date=${uploaded}`, key);
}

function keyIn(folder: string, key: string): string {
  const name = `${folder}/${key}.json`;
  if (Buffer.byteLength(name) <= MAX_KEY_BYTES) return name;
  return `${folder}/long/${createHash('sha256').update(key).digest('hex')}.json`;
}

/** The day (UTC) of a time in ISO 8601. */
function dayOf(time: string): string {
  return time.slice(0, 10);
}

/** Returns the label of an object: one line of JSON. */
export function labelLine(object: CreatedObject, outcome: Outcome, labelledAt: string): string {
  const { key, versionId, etag, size, uploadedAt } = object;
  const label = {
    key,
    ...(versionId !== undefined && { versionId }),
    etag,
    size,
    uploadedAt,
    labelledAt,
    ...('verdict' in outcome ? outcome.verdict : outcome),
  };
  return `${JSON.stringify(label)}\n`;
}

/**
 * Writes the label of an object, and the copy for the catalogue where it is late.
 *
 * @throws UndertoneError `unavailable`, after which both are to be written again
 */
export async function writeLabel(
  object: CreatedObject,
  outcome: Outcome,
  labelledAt = new Date().toISOString(),
): Promise<void> {
  const { UNDERTONE_RESULTS_BUCKET: Bucket, UNDERTONE_LATE_LABELS: hasCatalogue } =
    namesFor('labelling');
  const Body = labelLine(object, outcome, labelledAt);
  const late = hasCatalogue ? lateLabelKey(object, labelledAt) : null;
  for (const Key of late === null ? [labelKey(object)] : [labelKey(object), late]) {
    const put = new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/json' });
    await aws()
      .s3.send(put)
      .catch((cause) => {
        throw unavailable(cause);
      });
  }
}
