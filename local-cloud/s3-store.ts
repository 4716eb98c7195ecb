import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import type { KoaContext } from '@20minutes/s3rver';
import S3Error from '@20minutes/s3rver/lib/models/error.js';
import S3Object from '@20minutes/s3rver/lib/models/object.js';
import FilesystemStore, {
  type Listing,
  type ListOptions,
  type NewObject,
  type StoredObject,
} from '@20minutes/s3rver/lib/stores/filesystem.js';

/** Longest key in bytes of UTF-8, as on S3. */
const MAX_KEY_BYTES = 1024;
/** Characters of one file name; with its ending it stays below the limit of every file system. */
const NAME_LENGTH = 120;
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const SUFFIX = '._S3rver_object';

/**
 * s3rver's store of objects in a folder, corrected: a key is any text of at most 1,024 bytes, as on S3,
 * and `..` or a slash in it has no meaning. s3rver takes keys as paths.
 */
export class ObjectStore extends FilesystemStore {
  /** Only valid names are buckets: `..` would be the folder above. */
  override async getBucket(bucket: string): Promise<object | null> {
    return BUCKET_NAME.test(bucket) ? super.getBucket(bucket) : null;
  }

  override getResourcePath(bucket: string, key: string | undefined, resource: string): string {
    return `${join(this.getBucketPath(bucket), ...namesOf(key ?? ''))}._S3rver_${resource}`;
  }

  /** Stores an object completely or not at all: an interrupted upload leaves nothing behind. */
  override async putObject(object: NewObject): Promise<{ size: number; md5: string }> {
    const { bucket, key, content } = object;
    checkKey(key);
    const path = this.getResourcePath(bucket, key, 'object');
    const incoming = join(this.getResourcePath(bucket, '', 'incoming'), randomUUID());
    await mkdir(dirname(path), { recursive: true });
    await mkdir(dirname(incoming), { recursive: true });
    const stream = Buffer.isBuffer(content) ? Readable.from([content]) : content;
    try {
      const [size, md5] = await this.putContent(incoming, stream);
      await rename(incoming, path);
      await this.putMetadata(bucket, key, withoutTransferCoding(object.metadata), md5);
      return { size, md5 };
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
  }

  override async initiateUpload(...args: Parameters<FilesystemStore['initiateUpload']>) {
    checkKey(args[1]);
    return super.initiateUpload(...args);
  }

  override async deleteObject(bucket: string, key: string): Promise<void> {
    const paths = ['object', 'object.md5', 'metadata.json'].map((resource) =>
      this.getResourcePath(bucket, key, resource),
    );
    await Promise.all(paths.map((path) => rm(path, { force: true })));
  }

  /** Returns the ETag of an existing object. */
  etagOf(bucket: string, key: string): string {
    return readFileSync(this.getResourcePath(bucket, key, 'object.md5'), 'utf8');
  }

  /** Lists keys in the order of their UTF-8 bytes; a common prefix counts as one key. */
  override async listObjects(bucket: string, options: ListOptions): Promise<Listing> {
    const { delimiter, startAfter = '', prefix = '', maxKeys = Number.POSITIVE_INFINITY } = options;
    const keys: string[] = [];
    const commonPrefixes = new Set<string>();
    let isTruncated = false;
    for (const key of await this.#keys(bucket)) {
      if (!key.startsWith(prefix) || compareKeys(key, startAfter) <= 0) continue;
      const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      const common = end < 0 || !delimiter ? undefined : key.slice(0, end + delimiter.length);
      if (common !== undefined && (commonPrefixes.has(common) || startAfter === common)) {
        continue;
      }
      if (keys.length + commonPrefixes.size >= maxKeys) {
        isTruncated = true;
        break;
      }
      if (common === undefined) keys.push(key);
      else commonPrefixes.add(common);
    }
    const objects = await Promise.all(keys.map((key) => this.#describe(bucket, key)));
    return {
      objects: objects.filter((object) => object !== null),
      commonPrefixes: [...commonPrefixes],
      isTruncated,
    };
  }

  async #keys(bucket: string): Promise<string[]> {
    const root = this.getBucketPath(bucket);
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(SUFFIX))
      .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
      .map((path) => decodeURIComponent(path.slice(0, -SUFFIX.length).split(sep).join('')))
      .sort(compareKeys);
  }

  /** Returns null when the object has been deleted meanwhile. */
  async #describe(bucket: string, key: string) {
    try {
      return new S3Object(bucket, key, null, await this.getMetadata(bucket, key));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

/** Returns the folders and the file name for a key; safe on file systems that ignore case. */
function namesOf(key: string): string[] {
  const escaped = [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[a-z0-9_-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
  return escaped.match(new RegExp(`.{1,${NAME_LENGTH}}`, 'g')) ?? [''];
}

/** S3 sorts lists by bytes, which differs from JavaScript's order of UTF-16 units. */
function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function checkKey(key: string): void {
  const size = Buffer.byteLength(key);
  if (size <= MAX_KEY_BYTES) return;
  throw Object.assign(
    new S3Error('KeyTooLongError', 'Your key is too long', {
      Size: size,
      MaxSizeAllowed: MAX_KEY_BYTES,
    }),
    { status: 400 },
  );
}

/** `aws-chunked` describes the transfer, not the object. */
function withoutTransferCoding(metadata: Record<string, string>): Record<string, string> {
  const { 'content-encoding': coding = '', ...rest } = metadata;
  const codings = coding.split(',').map((name) => name.trim());
  const kept = codings.filter((name) => name && name !== 'aws-chunked').join(',');
  return kept ? { ...rest, 'content-encoding': kept } : rest;
}

/** Most entries of one page of a list. */
const PAGE = 1000;

/**
 * Answers ListObjects and ListObjectsV2. s3rver's own lists fail after the first page, because their
 * continuation tokens need DES, which OpenSSL 3 dropped, and they escape keys twice.
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

/** Part of an XML document; only `element` makes it. */
type Xml = { readonly xml: string };

/** Returns an XML document in S3's namespace. */
function document(name: string, children: readonly Xml[]): string {
  const content = children.map(({ xml }) => xml).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${name}>`;
}

/** Returns an element that contains text or elements; nothing for undefined. */
function element(
  name: string,
  content: string | number | boolean | undefined | readonly Xml[],
): Xml {
  if (content === undefined) return { xml: '' };
  const inside =
    typeof content === 'object'
      ? content.map(({ xml }) => xml).join('')
      : // Control characters too: a parser would normalise line ends.
        String(content).replace(/[<>&"'\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
  return { xml: `<${name}>${inside}</${name}>` };
}
