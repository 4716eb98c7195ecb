import type { KoaContext } from '@20minutes/s3rver';
import S3Error from '@20minutes/s3rver/lib/models/error.js';
import type { Listing, StoredObject } from '@20minutes/s3rver/lib/stores/filesystem.js';
import { document, element } from './xml.ts';

/** The most that one list holds. */
const PAGE = 1000;

/**
 * Answers ListObjects and ListObjectsV2. The embedded S3's own lists stop after the first page, as
 * they encipher their continuation tokens with DES, which OpenSSL 3 no longer has; and they escape
 * keys twice.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export async function listObjects(context: KoaContext, bucket: string): Promise<void> {
  if (!(await context.store.getBucket(bucket))) {
    throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', {
      BucketName: bucket,
    });
  }
  const { prefix, delimiter, marker } = context.query;
  const isV2 = context.query['list-type'] === '2';
  const token = context.query['continuation-token'];
  const after = token ? fromToken(token) : context.query['start-after'];
  const maxKeys = pageSize(context.query['max-keys']);
  const listing: Listing =
    maxKeys === 0
      ? { objects: [], commonPrefixes: [], isTruncated: false }
      : await context.store.listObjects(bucket, {
          prefix,
          delimiter: delimiter || undefined,
          maxKeys,
          startAfter: isV2 ? after : marker,
        });
  const { objects, commonPrefixes, isTruncated } = listing;
  const text = encoder(context.query['encoding-type']);
  const last = lastOf(listing);
  context.set('content-type', 'application/xml');
  context.body = document('ListBucketResult', [
    element('Name', bucket),
    element('Prefix', text(prefix ?? '')),
    element('Delimiter', delimiter && text(delimiter)),
    element('MaxKeys', maxKeys),
    element('EncodingType', context.query['encoding-type']),
    element('IsTruncated', isTruncated),
    ...(isV2
      ? [
          element('KeyCount', objects.length + commonPrefixes.length),
          element('ContinuationToken', token),
          element('NextContinuationToken', isTruncated ? toToken(last) : undefined),
          element('StartAfter', token || after === undefined ? undefined : text(after)),
        ]
      : [
          element('Marker', text(marker ?? '')),
          element('NextMarker', isTruncated && delimiter ? text(last) : undefined),
        ]),
    ...objects.map((object) => contents(object, text)),
    ...commonPrefixes.map((common) => element('CommonPrefixes', [element('Prefix', text(common))])),
  ]);
}

function contents(
  { key, size, lastModifiedDate, metadata }: StoredObject,
  text: (value: string) => string,
) {
  return element('Contents', [
    element('Key', text(key)),
    element('LastModified', lastModifiedDate.toISOString()),
    element('ETag', metadata.etag),
    element('Size', size),
    element('StorageClass', 'STANDARD'),
  ]);
}

function lastOf({ objects, commonPrefixes }: Listing): string {
  const key = objects.at(-1)?.key ?? '';
  const common = commonPrefixes.at(-1) ?? '';
  return Buffer.compare(Buffer.from(key), Buffer.from(common)) > 0 ? key : common;
}

function pageSize(text: string | undefined): number {
  if (text === undefined || text === '') return PAGE;
  const size = Number(text);
  if (!/^\d+$/.test(text) || size > 2 ** 31 - 1) {
    throw new S3Error(
      'InvalidArgument',
      'Provided max-keys not an integer or within integer range',
      { ArgumentName: 'max-keys', ArgumentValue: text },
    );
  }
  return Math.min(size, PAGE);
}

function encoder(encodingType: string | undefined): (value: string) => string {
  return encodingType === 'url' ? encodeURIComponent : (value) => value;
}

function toToken(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function fromToken(token: string): string {
  return Buffer.from(token, 'base64url').toString();
}
