import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import type { KoaContext, Middleware } from '@20minutes/s3rver';
import S3Error from '@20minutes/s3rver/lib/models/error.js';
import { isLoopback } from '../../../lib/loopback.ts';
import { awsChunkedDecoder } from './aws-chunked.ts';
import { listObjects } from './list-objects.ts';
import { checkPostPolicy } from './post-policy.ts';
import { type Account, checkSignature, denied } from './signature.ts';

/** The largest form that is read, whatever its policy allows: it is held in memory. */
const MAX_FORM_BYTES = 128 * 2 ** 20;

/** Lists of a bucket; other parameters ask for something else about it. */
const LIST_PARAMETERS =
  /^(list-type|prefix|delimiter|marker|start-after|continuation-token|max-keys|encoding-type|fetch-owner|x-.*)$/i;

/**
 * What S3 does with a request and its embedded counterpart does not: nothing is public, signatures
 * are those of current clients, uploads by a form obey their signed policy, bodies that come in
 * chunks with trailing checksums are read, and lists have more than one page.
 */
export function prepareRequests(account: Account): Middleware {
  return async (context, next) => {
    // Requests under another name come from a page that made that name lead here (DNS rebinding).
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

/** The bucket that a path is about, when it is about nothing in the bucket. */
function bucketOf({ path }: KoaContext): string | undefined {
  return /^\/([^/]+)\/?$/.exec(path)?.[1];
}

async function takeForm(context: KoaContext, bucket: string, account: Account): Promise<void> {
  const body = await readForm(context);
  const form = await new Response(body, {
    headers: { 'content-type': context.headers['content-type'] ?? '' },
  })
    .formData()
    .catch(() => {
      throw new S3Error(
        'MalformedPOSTRequest',
        'The body of your POST request is not well-formed multipart/form-data.',
      );
    });
  checkPostPolicy({ bucket, ...partsOf(form) }, account);
  // The bytes that were checked are the ones that the embedded S3 now reads.
  context.req = Readable.from([body]);
}

async function readForm({ request, headers }: KoaContext): Promise<Buffer<ArrayBuffer>> {
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

/** What comes after the file does not count, as on S3. */
function partsOf(form: FormData): { fields: ReadonlyMap<string, string>; size: number } {
  const fields = new Map<string, string>();
  for (const [name, part] of form) {
    if (name === 'file') {
      return { fields, size: typeof part === 'string' ? Buffer.byteLength(part) : part.size };
    }
    if (typeof part === 'string') fields.set(name.toLowerCase(), part);
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
  // A broken connection destroys the decoder too; whoever reads it sees the error.
  context.req = pipeline(request.req, awsChunkedDecoder(length), () => {});
}
