import S3Error from '@20minutes/s3rver/lib/models/error.js';
import * as z from 'zod';
import { type Account, compareSignatures, denied, sign, unknownKey } from './signature.ts';

export interface PostForm {
  readonly bucket: string;
  /** The fields that came before the file, names in lower case. */
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
 * Checks an upload by a browser form as S3 does: the policy is signed by the account, has not
 * expired, and names every field and the size of the file.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 *
 * @throws S3Error with S3's own code
 */
export function checkPostPolicy(form: PostForm, account: Account, now: Date = new Date()): void {
  const { fields } = form;
  const encoded = fields.get('policy');
  if (!encoded) throw denied('Bucket POST must contain a field named "policy".');
  checkSignature(encoded, fields, account);
  const { expiration, conditions } = parsePolicy(encoded);
  if (new Date(expiration) <= now) throw denied('Invalid according to Policy: Policy expired.');
  for (const condition of conditions) checkCondition(condition, form);
  const named = new Set(conditions.flatMap(fieldsOf));
  const extra = [...fields.keys()].filter((name) => !named.has(name) && needsCondition(name));
  if (extra.length > 0) {
    throw denied(`Invalid according to Policy: Extra input fields: ${extra.join(', ')}`);
  }
}

function checkSignature(
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
