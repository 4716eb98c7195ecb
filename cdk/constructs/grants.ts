import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
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

/** Returns a secret of Secrets Manager by its name or its complete ARN. */
export function secretOf(scope: Construct, id: string, nameOrArn: string): ISecret {
  return nameOrArn.startsWith('arn:')
    ? Secret.fromSecretCompleteArn(scope, id, nameOrArn)
    : Secret.fromSecretNameV2(scope, id, nameOrArn);
}

/** Lets somebody read a secret of Secrets Manager. */
export function grantSecret(grantee: IGrantable, secret: ISecret): void {
  // Of a name alone the ARN is incomplete: Secrets Manager appends six random characters.
  const arn = secret.secretFullArn ?? `${secret.secretArn}-??????`;
  grant(grantee, ['secretsmanager:GetSecretValue'], arn);
}

function grant(grantee: IGrantable, actions: readonly string[], resource: string): void {
  Grant.addToPrincipal({
    grantee,
    actions: [...actions],
    resourceArns: [resource],
  }).assertSuccess();
}
