import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { acknowledgeResources } from './acknowledge.ts';
import type { Handler } from './handler.ts';

/** What a function may do with objects. The grants of the CDK itself come with wildcard actions. */
export type ObjectAction = 's3:GetObject' | 's3:PutObject' | 's3:DeleteObject';

/**
 * Lets a function act on the objects of a bucket below a prefix (all of them for an empty one).
 *
 * @example
 * grantObjects(label, results, 'labels/', ['s3:PutObject']);
 */
export function grantObjects(
  handler: Handler,
  bucket: Bucket,
  prefix: string,
  actions: readonly ObjectAction[],
): void {
  Grant.addToPrincipal({
    grantee: handler.function,
    actions: [...actions],
    resourceArns: [bucket.arnForObjects(`${prefix}*`)],
  }).assertSuccess();
  acknowledgeResources(
    handler,
    bucket,
    `/${prefix}*`,
    'Keys are not known in advance; the bucket, the prefix and the actions are named.',
  );
}

/**
 * Lets a function list a bucket. S3 answers 403 instead of 404 for an object that is gone to whom
 * may not list, and a missing object could not be told from a missing permission.
 */
export function grantList(handler: Handler, bucket: Bucket): void {
  Grant.addToPrincipal({
    grantee: handler.function,
    actions: ['s3:ListBucket'],
    resourceArns: [bucket.bucketArn],
  }).assertSuccess();
}
