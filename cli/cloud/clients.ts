import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/** Tries of one call before it counts as failed: throttling is common where a million objects are. */
const MAX_ATTEMPTS = 8;

/** Returns an S3 client for the account, region and endpoint that the environment names. */
export function s3Client(): S3Client {
  return new S3Client({
    maxAttempts: MAX_ATTEMPTS,
    // A counterpart on this machine has no names for its buckets.
    forcePathStyle: !!process.env.AWS_ENDPOINT_URL_S3,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
}

/** Returns an SQS client for a queue: at the queue's own address, in its own region. */
export function sqsClient(queueUrl: string): SQSClient {
  const { origin, hostname } = new URL(queueUrl);
  const [, region] = /(?:^|\.)sqs\.([a-z0-9-]+)\./.exec(hostname) ?? [];
  return new SQSClient({ maxAttempts: MAX_ATTEMPTS, endpoint: origin, ...(region && { region }) });
}
