import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import S3Error from '@20minutes/s3rver/lib/models/error.js';
import * as z from 'zod';

export interface Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Largest difference between the clocks of client and server, in milliseconds. */
const MAX_SKEW = 15 * 60_000;

/**
 * Checks a request's Signature Version 4, in its `Authorization` header or in its query.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 *
 * @throws S3Error with S3's own code; `AccessDenied` for a request without a signature
 */
export function checkSignature(request: SignedRequest, account: Account, now = Date.now()): void {
  const { credential, signedHeaders, signature, date, expires } = parametersOf(request);
  const [id, day = '', region = '', service = ''] = credential.split('/');
  if (id !== account.accessKeyId) throw unknownKey();
  const age = now - timeOf(date);
  if (expires === undefined ? Math.abs(age) > MAX_SKEW : age > expires * 1000) {
    throw expires === undefined
      ? new S3Error(
          'RequestTimeTooSkewed',
          'The difference between the request time and the current time is too large.',
        )
      : denied('Request has expired');
  }
  const stringToSign = [
    'AWS4-HMAC-SHA256',
    date,
    [day, region, service, 'aws4_request'].join('/'),
    createHash('sha256').update(canonicalRequest(request, signedHeaders)).digest('hex'),
  ].join('\n');
  compareSignatures(sign(stringToSign, account, { day, region, service }), signature);
}

/** Returns the signature of a string to sign, or of the policy of a form. */
function sign(
  text: string,
  { secretAccessKey }: Account,
  scope: { readonly day: string; readonly region: string; readonly service: string },
): Buffer {
  return [scope.day, scope.region, scope.service, 'aws4_request', text].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}

/** @throws S3Error `SignatureDoesNotMatch` */
function compareSignatures(wanted: Buffer, hex: string): void {
  const given = Buffer.from(hex, 'hex');
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new S3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
}

function parametersOf({ headers, url }: SignedRequest) {
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  if (query.has('X-Amz-Signature')) {
    return {
      credential: query.get('X-Amz-Credential') ?? '',
      signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
      signature: query.get('X-Amz-Signature') ?? '',
      date: query.get('X-Amz-Date') ?? '',
      expires: Number(query.get('X-Amz-Expires') ?? 0),
    };
  }
  const [algorithm, rest = ''] = (headers.authorization ?? '').split(/ (.*)/s);
  if (algorithm !== 'AWS4-HMAC-SHA256') throw denied('Access Denied');
  const parts = new Map(
    rest.split(',').map((part) => part.trim().split(/=(.*)/s, 2) as [string, string]),
  );
  return {
    credential: parts.get('Credential') ?? '',
    signedHeaders: parts.get('SignedHeaders') ?? '',
    signature: parts.get('Signature') ?? '',
    date: String(headers['x-amz-date'] ?? ''),
    expires: undefined,
  };
}

function canonicalRequest({ method, url, headers }: SignedRequest, signedHeaders: string): string {
  const [path, query = ''] = url.split(/\?(.*)/s);
  const names = signedHeaders.split(';');
  return [
    method,
    path.split('/').map(recode).join('/'),
    query
      .split('&')
      .filter((pair) => pair && !pair.startsWith('X-Amz-Signature='))
      .map((pair) => {
        const [name, value = ''] = pair.split(/=(.*)/s);
        return `${recode(name)}=${recode(value)}`;
      })
      .sort()
      .join('&'),
    ...names.map(
      (name) =>
        `${name}:${String(headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    signedHeaders,
    String(headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD'),
  ].join('\n');
}

/** The signature covers the strictly escaped form (RFC 3986), whatever the client sent. */
function recode(text: string): string {
  try {
    return encodeURIComponent(decodeURIComponent(text)).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.");
  }
}

/** Milliseconds since 1970 of a date like 20260131T235959Z. */
function timeOf(date: string): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  if (parts.length === 0) {
    throw denied('AWS authentication requires a valid Date or x-amz-date header');
  }
  const [year, month, day, hours, minutes, seconds] = parts.map(Number);
  return Date.UTC(year, month - 1, day, hours, minutes, seconds);
}

function unknownKey(): S3Error {
  return new S3Error(
    'InvalidAccessKeyId',
    'The AWS Access Key Id you provided does not exist in our records.',
  );
}

export function denied(message: string): S3Error {
  return new S3Error('AccessDenied', message);
}

interface PostForm {
  readonly bucket: string;
  /** The fields before the file, names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  /** Bytes of the file. */
  readonly size: number;
}

const policySchema = z.object({
  expiration: z.iso.datetime(),
  conditions: z.array(
    z.union([
      z.tuple([z.literal('content-length-range'), z.coerce.number(), z.coerce.number()]),
      z.tuple([z.enum(['eq', 'starts-with']), z.string().startsWith('$'), z.string()]),
      z.record(z.string(), z.string()),
    ]),
  ),
});

type Condition = z.infer<typeof policySchema>['conditions'][number];

/**
 * Checks an upload by a browser form as S3 does: the account signed the policy, it has not expired, and
 * it covers every field and the size of the file.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 *
 * @throws S3Error with S3's own code
 */
export function checkPostPolicy(form: PostForm, account: Account, now: Date = new Date()): void {
  const { fields } = form;
  const encoded = fields.get('policy');
  if (!encoded) throw denied('Bucket POST must contain a field named "policy".');
  checkPolicySignature(encoded, fields, account);
  const { expiration, conditions } = parsePolicy(encoded);
  if (new Date(expiration) <= now) throw denied('Invalid according to Policy: Policy expired.');
  for (const condition of conditions) checkCondition(condition, form);
  const named = new Set(conditions.flatMap(fieldsOf));
  const extra = [...fields.keys()].filter((name) => !named.has(name) && needsCondition(name));
  if (extra.length > 0) {
    throw denied(`Invalid according to Policy: Extra input fields: ${extra.join(', ')}`);
  }
}

function checkPolicySignature(
  policy: string,
  fields: ReadonlyMap<string, string>,
  account: Account,
): void {
  const credential = fields.get('x-amz-credential') ?? '';
  const [id, day = '', region = '', service = ''] = credential.split('/');
  const algorithm = fields.get('x-amz-algorithm');
  if (algorithm !== 'AWS4-HMAC-SHA256' || id !== account.accessKeyId) throw unknownKey();
  const signature = fields.get('x-amz-signature') ?? '';
  compareSignatures(sign(policy, account, { day, region, service }), signature);
}

function parsePolicy(encoded: string) {
  try {
    return policySchema.parse(JSON.parse(Buffer.from(encoded, 'base64').toString()));
  } catch {
    throw Object.assign(new S3Error('InvalidPolicyDocument', 'Invalid Policy: Invalid JSON.'), {
      status: 400,
    });
  }
}

function checkCondition(condition: Condition, form: PostForm): void {
  if (!Array.isArray(condition)) {
    for (const [name, value] of Object.entries(condition)) {
      if (fieldValue(name, form) !== value) throw failed(condition);
    }
  } else if (condition[0] === 'content-length-range') {
    checkSize(form.size, condition[1], condition[2]);
  } else {
    const value = fieldValue(condition[1].slice(1), form);
    const holds =
      condition[0] === 'eq' ? value === condition[2] : value?.startsWith(condition[2]) === true;
    if (!holds) throw failed(condition);
  }
}

function checkSize(size: number, least: number, most: number): void {
  if (size < least) {
    throw new S3Error(
      'EntityTooSmall',
      'Your proposed upload is smaller than the minimum allowed size',
      { ProposedSize: size, MinSizeAllowed: least },
    );
  }
  if (size > most) {
    throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      ProposedSize: size,
      MaxSizeAllowed: most,
    });
  }
}

function fieldValue(name: string, { bucket, fields }: PostForm): string | undefined {
  return name.toLowerCase() === 'bucket' ? bucket : fields.get(name.toLowerCase());
}

function fieldsOf(condition: Condition): string[] {
  if (!Array.isArray(condition)) return Object.keys(condition).map((name) => name.toLowerCase());
  return condition[0] === 'content-length-range' ? [] : [condition[1].slice(1).toLowerCase()];
}

function needsCondition(name: string): boolean {
  return !['policy', 'x-amz-signature', 'file'].includes(name) && !name.startsWith('x-ignore-');
}

function failed(condition: Condition): S3Error {
  return denied(
    `Invalid according to Policy: Policy Condition failed: ${JSON.stringify(condition)}`,
  );
}
