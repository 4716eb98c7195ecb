import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { acknowledgeResources } from './acknowledge.ts';
import type { Handler } from './handler.ts';

// The grant methods of the CDK use wildcard actions; these name each action.

/** Reading, writing and deleting single items of a table. */
export const ITEM_ACTIONS = [
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
] as const;

export type ObjectAction = 's3:GetObject' | 's3:PutObject' | 's3:DeleteObject';

/**
 * Lets a function act on the objects of a bucket under a prefix (all of them for an empty one).
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
  grant(handler.function, actions, bucket.arnForObjects(`${prefix}*`));
  acknowledgeResources(
    handler,
    bucket,
    `/${prefix}*`,
    'Keys are not known in advance; the bucket, the prefix and the actions are named.',
  );
}

/**
 * Lets a function list a bucket. Without this permission S3 answers 403 instead of 404 for a missing
 * object, which then looks like a missing permission.
 */
export function grantList(handler: Handler, bucket: Bucket): void {
  grant(handler.function, ['s3:ListBucket'], bucket.bucketArn);
}

/** Lets somebody read a secret of Secrets Manager that is referred to by name. */
export function grantSecret(grantee: IGrantable, secret: ISecret): void {
  // Secrets Manager appends six random characters to the name in the ARN.
  grant(grantee, ['secretsmanager:GetSecretValue'], `${secret.secretArn}-??????`);
}

function grant(grantee: IGrantable, actions: readonly string[], resource: string): void {
  Grant.addToPrincipal({
    grantee,
    actions: [...actions],
    resourceArns: [resource],
  }).assertSuccess();
}
