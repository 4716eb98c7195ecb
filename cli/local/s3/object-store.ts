import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import S3Error from '@20minutes/s3rver/lib/models/error.js';
import S3Object from '@20minutes/s3rver/lib/models/object.js';
import FilesystemStore, {
  type Listing,
  type ListOptions,
  type NewObject,
} from '@20minutes/s3rver/lib/stores/filesystem.js';

/** Longest key in bytes of UTF-8, as on S3. */
const MAX_KEY_BYTES = 1024;
/** Characters of a name in the file system; with its ending it stays below every system's limit. */
const NAME_LENGTH = 120;
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const SUFFIX = '._S3rver_object';

/**
 * The embedded S3's store of objects in a folder, where a key is what it is on S3: any text of at
 * most 1,024 bytes, of which `..` or a slash mean nothing. The store it extends takes keys for paths.
 */
export class ObjectStore extends FilesystemStore {
  /** A name that no bucket can have is no bucket: `..` would be the folder above. */
  override async getBucket(bucket: string): Promise<object | null> {
    return BUCKET_NAME.test(bucket) ? super.getBucket(bucket) : null;
  }

  override getResourcePath(bucket: string, key: string | undefined, resource: string): string {
    return `${join(this.getBucketPath(bucket), ...namesOf(key ?? ''))}._S3rver_${resource}`;
  }

  /** Stores an object whole or not at all: an upload that breaks off leaves nothing behind. */
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

  /** Returns the tag of an object that is there. */
  etagOf(bucket: string, key: string): string {
    return readFileSync(this.getResourcePath(bucket, key, 'object.md5'), 'utf8');
  }

  /** Lists keys in the order of their UTF-8 bytes; common prefixes count like keys. */
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

  /** null when the object was deleted meanwhile. */
  async #describe(bucket: string, key: string) {
    try {
      return new S3Object(bucket, key, null, await this.getMetadata(bucket, key));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

/** Names of the folders and the file that stand for a key, safe also where case does not count. */
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

/** Order of S3's lists: by bytes, which is not the order of JavaScript's UTF-16. */
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

/** `aws-chunked` is how the bytes travelled, not what they are. */
function withoutTransferCoding(metadata: Record<string, string>): Record<string, string> {
  const { 'content-encoding': coding = '', ...rest } = metadata;
  const codings = coding.split(',').map((name) => name.trim());
  const kept = codings.filter((name) => name && name !== 'aws-chunked').join(',');
  return kept ? { ...rest, 'content-encoding': kept } : rest;
}
