import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type ErrorCode, UndertoneError } from '../../core/index.ts';
import { answeringWithin, backoff } from '../../lib/backoff.ts';

/** Tries of one call: throttling is common with a million objects. */
const MAX_ATTEMPTS = 8;
/** Milliseconds after which a service that is silent counts as failed. */
const PATIENCE = 10_000;

/** Returns an S3 client for the account, region and endpoint that the environment names. */
export function s3Client(): S3Client {
  return new S3Client({
    maxAttempts: MAX_ATTEMPTS,
    // The local cloud has no host names for buckets.
    forcePathStyle: !!process.env.AWS_ENDPOINT_URL_S3,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: answeringWithin(PATIENCE),
  });
}

/** Returns an SQS client for the address and region of a queue. */
export function sqsClient(queueUrl: string): SQSClient {
  const { origin, hostname } = new URL(queueUrl);
  const [, region] = /(?:^|\.)sqs\.([a-z0-9-]+)\./.exec(hostname) ?? [];
  return new SQSClient({
    maxAttempts: MAX_ATTEMPTS,
    endpoint: origin,
    requestHandler: answeringWithin(PATIENCE),
    ...(region && { region }),
  });
}

/** Errors of AWS, with our code and a sentence that helps. */
const KNOWN: readonly (readonly [names: RegExp, code: ErrorCode, sentence: string])[] = [
  [/^(NoSuchBucket|NotFound)$/, 'not-found', 'There is no such bucket. Check its name and region.'],
  [
    /QueueDoesNotExist|NonExistentQueue/,
    'not-found',
    'There is no such queue. Its URL is one of the outputs of the deployment.',
  ],
  [
    /^(AccessDenied\w*|AccessDeniedException|AllAccessDisabled|Forbidden|403)$/,
    'unauthorized',
    'These credentials lack permission. Use some that may list and read the bucket and send to the queue.',
  ],
  [
    /^(CredentialsProviderError|ExpiredToken\w*|InvalidAccessKeyId|SignatureDoesNotMatch|UnrecognizedClientException|InvalidClientTokenId|TokenProviderError)$/,
    'unauthorized',
    'AWS does not know these credentials, or there are none. Sign in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  ],
  [
    /^(PermanentRedirect|AuthorizationHeaderMalformed|301)$/,
    'parameter-invalid',
    'The bucket is in another region. Set AWS_REGION to that region.',
  ],
  [
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ECONNRESET|ETIMEDOUT|TimeoutError|NetworkingError)$/,
    'unavailable',
    'AWS cannot be reached. Check the connection, AWS_REGION and the AWS_ENDPOINT_URL_… of the environment.',
  ],
];

/**
 * Converts an error of an AWS client: what was being done, why it failed and what helps.
 *
 * @param doing such as `Listing s3://bucket/prefix`
 */
export function awsError(doing: string, thrown: unknown): UndertoneError {
  if (thrown instanceof UndertoneError) return thrown;
  const { name = '', message = '', code = '' } = thrown as NodeJS.ErrnoException;
  if (/Region is missing/.test(message)) {
    const sentence = `${doing} failed: no region is set. Set AWS_REGION.`;
    return new UndertoneError('parameter-invalid', sentence, { cause: thrown });
  }
  const known = KNOWN.find(([names]) => names.test(name) || names.test(code));
  const [, ours = 'unavailable', sentence = `${name || 'Error'}: ${message}`] = known ?? [];
  return new UndertoneError(ours, `${doing} failed: ${sentence}`, { cause: thrown });
}

/** Most messages of one call, as on SQS. */
const BATCH = 10;
/** Further tries for messages that SQS rejected from an accepted batch. */
const TRIES = 6;
/** Milliseconds before the first of these tries. */
const FIRST_WAIT = 200;

/**
 * Sends all messages and resolves when each of them is in the queue.
 *
 * @throws UndertoneError
 */
export async function sendAll(
  client: SQSClient,
  queueUrl: string,
  bodies: readonly string[],
): Promise<void> {
  const batches: (readonly string[])[] = [];
  for (let first = 0; first < bodies.length; first += BATCH) {
    batches.push(bodies.slice(first, first + BATCH));
  }
  await Promise.all(batches.map((batch) => sendBatch(client, queueUrl, batch)));
}

async function sendBatch(
  client: SQSClient,
  QueueUrl: string,
  bodies: readonly string[],
): Promise<void> {
  let entries = bodies.map((MessageBody, i) => ({ Id: String(i), MessageBody }));
  for (let failures = 1; ; failures++) {
    const { Failed = [] } = await client
      .send(new SendMessageBatchCommand({ QueueUrl, Entries: entries }))
      .catch((thrown) => {
        throw awsError(`Sending to ${QueueUrl}`, thrown);
      });
    if (Failed.length === 0) return;
    const [{ Code, Message, SenderFault }] = Failed;
    if (SenderFault || failures > TRIES) {
      throw new UndertoneError('unavailable', `Sending to ${QueueUrl} failed: ${Code}: ${Message}`);
    }
    await sleep(backoff(failures, FIRST_WAIT));
    const ids = new Set(Failed.map(({ Id }) => Id));
    entries = entries.filter(({ Id }) => ids.has(Id));
  }
}
