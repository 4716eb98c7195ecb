import { createServer, type IncomingHttpHeaders } from 'node:http';
import { pipeline, Readable, Transform, type TransformCallback } from 'node:stream';
import S3rver, { type KoaContext, type Middleware } from '@20minutes/s3rver';
import S3Error from '@20minutes/s3rver/lib/models/error.js';
import type { S3Event, S3EventRecord } from 'aws-lambda';
import { encodeKey } from '../functions/aws/notification.ts';
import { type FormPart, readForm } from '../lib/form.ts';
import { isLoopback } from '../lib/url.ts';
import { type Endpoint, listen } from './http.ts';
import { type Account, checkPostPolicy, checkSignature, denied } from './s3-auth.ts';
import { listObjects, ObjectStore } from './s3-store.ts';

/** The only key pair that the embedded S3 knows. */
export const ACCOUNT = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' } as const;

export interface LocalS3 extends Endpoint {
  /** Calls `listener` with the S3 notification of every new object; returns what removes it. */
  onObjectCreated(listener: (event: S3Event) => void): () => void;
}

/**
 * Starts S3 at 127.0.0.1 with its objects in `folder`: s3rver, completed by what this folder says it
 * lacks. Any S3 client can use it, with path-style addresses.
 */
export async function startS3(folder: string, port: number): Promise<LocalS3> {
  const server = new S3rver({
    directory: folder,
    silent: true,
    vhostBuckets: false,
    // prepareRequests checks signatures; s3rver's own check fails for the paths that current clients sign.
    allowMismatchedSignatures: true,
  });
  const store = new ObjectStore(folder);
  server.store = server.context.store = store;
  // Before the last one, the router.
  server.middleware.splice(-1, 0, prepareRequests(ACCOUNT));
  // Its own method for that ends the process when the port is taken.
  const { endpoint, close } = await listen(createServer(server.callback()), port);
  return {
    endpoint,
    onObjectCreated(listener) {
      // Called before the client gets its response: an object that was confirmed is never missed.
      const onEvent = ({ Records }: S3Event) => {
        if (!Records[0].eventName.startsWith('ObjectCreated:')) return;
        listener({ Records: Records.map((record) => asS3Writes(record, store)) });
      };
      server.on('event', onEvent);
      return () => server.off('event', onEvent);
    },
    async close() {
      await close();
      server.logger.close();
    },
  };
}

/** S3 URL-encodes the keys in notifications, and gives copies an ETag as well. */
function asS3Writes(record: S3EventRecord, store: ObjectStore): S3EventRecord {
  const { bucket, object } = record.s3;
  const eTag = object.eTag ?? store.etagOf(bucket.name, object.key);
  return {
    ...record,
    s3: { ...record.s3, object: { ...object, key: encodeKey(object.key), eTag } },
  };
}

/** The largest form that is accepted, whatever its policy allows: it is held in memory. */
const MAX_FORM_BYTES = 128 * 2 ** 20;

/** Parameters of a list; any other makes it a different request about the bucket. */
const LIST_PARAMETERS =
  /^(list-type|prefix|delimiter|marker|start-after|continuation-token|max-keys|encoding-type|fetch-owner|x-.*)$/i;

/**
 * Returns what S3 does with a request and s3rver does not: nothing is public, signatures are those of
 * current clients, form uploads must meet their signed policy, chunked bodies with trailing checksums are
 * decoded, and lists have more than one page.
 */
function prepareRequests(account: Account): Middleware {
  return async (context, next) => {
    // Another name means a web page that made its name lead here (DNS rebinding).
    if (!isLoopback(context.hostname)) throw denied('Access Denied');
    if (context.method === 'OPTIONS') return next();
    const bucket = bucketOf(context);
    if (context.method === 'POST' && bucket && context.is('multipart')) {
      context.set('access-control-allow-origin', '*');
      await takeForm(context, bucket, account);
      return next();
    }
    const { method = '', url = '', headers } = context.request.req;
    checkSignature({ method, url, headers }, account);
    if (isChunked(headers)) decodeChunks(context);
    const isList = Object.keys(context.query).every((name) => LIST_PARAMETERS.test(name));
    if (method === 'GET' && bucket && isList) return listObjects(context, bucket);
    return next();
  };
}

/** Returns the bucket of a path that names no object. */
function bucketOf({ path }: KoaContext): string | undefined {
  return /^\/([^/]+)\/?$/.exec(path)?.[1];
}

async function takeForm(context: KoaContext, bucket: string, account: Account): Promise<void> {
  const body = await readBody(context);
  const form = await readForm(context.headers['content-type'] ?? '', body).catch(() => {
    throw new S3Error(
      'MalformedPOSTRequest',
      'The body of your POST request is not well-formed multipart/form-data.',
    );
  });
  checkPostPolicy({ bucket, ...partsOf(form) }, account);
  // s3rver reads exactly the bytes that were checked.
  context.req = Readable.from([body]);
}

async function readBody({ request, headers }: KoaContext): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let count = Number(headers['content-length'] ?? 0);
  if (count <= MAX_FORM_BYTES) {
    count = 0;
    for await (const chunk of request.req) {
      count += chunk.length;
      if (count > MAX_FORM_BYTES) break;
      chunks.push(chunk);
    }
  }
  if (count <= MAX_FORM_BYTES) return Buffer.concat(chunks);
  throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
    ProposedSize: count,
    MaxSizeAllowed: MAX_FORM_BYTES,
  });
}

/** Returns the fields before the file, as S3 ignores those after it, and the size of the file. */
function partsOf(form: readonly FormPart[]) {
  const fields = new Map<string, string>();
  for (const { name, fileName, bytes } of form) {
    if (name === 'file') return { fields, size: bytes.length };
    if (fileName === undefined) fields.set(name.toLowerCase(), bytes.toString());
  }
  throw new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.', {
    ArgumentName: 'file',
    ArgumentValue: 0,
  });
}

function isChunked(headers: IncomingHttpHeaders): boolean {
  return /^STREAMING-/.test(String(headers['x-amz-content-sha256']));
}

function decodeChunks(context: KoaContext): void {
  const { headers, request } = context;
  const length = Number(headers['x-amz-decoded-content-length']);
  if (!Number.isInteger(length) || length < 0) {
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
  // A broken connection destroys the decoder too, so its reader sees the error.
  context.req = pipeline(request.req, new AwsChunkedDecoder(length), () => {});
}

/** Longest accepted line (size, signature or trailer), in bytes. */
const MAX_LINE = 8192;

/**
 * Decodes S3's `aws-chunked` coding: sized chunks, possibly signed, then trailing checksums, which are
 * skipped. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
class AwsChunkedDecoder extends Transform {
  readonly #length: number;
  #state: 'size' | 'data' | 'trailer' = 'size';
  #line: Buffer = Buffer.alloc(0);
  /** Bytes of this chunk still to come, including the line end after it. */
  #left = 0;
  #count = 0;

  /** @param length value of `x-amz-decoded-content-length` */
  constructor(length: number) {
    super();
    this.#length = length;
  }

  override _transform(bytes: Buffer, _: BufferEncoding, done: TransformCallback): void {
    try {
      let rest = bytes;
      while (rest.length > 0) rest = this.#state === 'data' ? this.#data(rest) : this.#text(rest);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    done(this.#state === 'trailer' && this.#count === this.#length ? null : incomplete());
  }

  #data(bytes: Buffer): Buffer {
    const payload = bytes.subarray(0, Math.max(0, this.#left - 2));
    if (payload.length > 0) this.push(payload);
    this.#count += payload.length;
    const taken = Math.min(bytes.length, this.#left);
    this.#left -= taken;
    if (this.#left === 0) this.#state = 'size';
    return bytes.subarray(taken);
  }

  #text(bytes: Buffer): Buffer {
    const end = bytes.indexOf('\n');
    this.#line = Buffer.concat([this.#line, end < 0 ? bytes : bytes.subarray(0, end + 1)]);
    if (this.#line.length > MAX_LINE) throw incomplete();
    if (end < 0) return bytes.subarray(bytes.length);
    const line = this.#line.toString('latin1').trimEnd();
    this.#line = Buffer.alloc(0);
    if (this.#state === 'size') this.#begin(line);
    return bytes.subarray(end + 1);
  }

  #begin(line: string): void {
    const [, hex] = /^([0-9a-f]{1,8})(?:;|$)/i.exec(line) ?? [];
    if (!hex) throw incomplete();
    const size = Number.parseInt(hex, 16);
    this.#state = size === 0 ? 'trailer' : 'data';
    this.#left = size + 2;
  }
}

function incomplete(): S3Error {
  return new S3Error('IncompleteBody', 'The request body terminated unexpectedly');
}
