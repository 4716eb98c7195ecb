import { S3Client } from '@aws-sdk/client-s3';
import type { Context, S3Event, SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll } from 'vitest';
import { type LocalAws, startLocalAws } from '../../local-cloud/aws.ts';

/** The running cloud of a test file, with its notifications so far. */
export interface CloudUnderTest {
  readonly aws: LocalAws;
  readonly s3: S3Client;
  /** What S3 has announced since it was last asked. */
  announced(): Promise<S3Event[]>;
}

/**
 * Starts S3 and DynamoDB on this machine for all tests of a file, and points the functions to them.
 *
 * @example
 * const cloud = useLocalAws();
 * test('…', () => cloud.s3.send(…));
 */
export function useLocalAws(): CloudUnderTest {
  let aws: LocalAws;
  let s3: S3Client;
  const events: S3Event[] = [];
  beforeAll(async () => {
    aws = await startLocalAws({ folder: null });
    Object.assign(process.env, aws.env);
    s3 = new S3Client({ forcePathStyle: true });
    aws.onObjectCreated((event) => events.push(event));
  });
  afterAll(() => aws.close());
  return {
    get aws() {
      return aws;
    },
    get s3() {
      return s3;
    },
    async announced() {
      // Notifications follow the answers to uploads, as on S3.
      await new Promise((resolve) => setImmediate(resolve));
      return events.splice(0);
    },
  };
}

/** The event with which SQS calls a function, one message for each body. */
export function queueEvent(...bodies: (string | object)[]): SQSEvent {
  return {
    Records: bodies.map((body, i) => ({
      messageId: `message-${i}`,
      receiptHandle: 'handle',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '1760000000000',
        SenderId: 'AIDAEXAMPLE',
        ApproximateFirstReceiveTimestamp: '1760000000001',
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:undertone',
      awsRegion: 'eu-central-1',
    })),
  };
}

/** S3's notification of one object. */
export function notification(object: {
  readonly key: string;
  readonly size: number;
  readonly eTag?: string;
  readonly bucket?: string;
  readonly eventTime?: string;
  readonly eventName?: string;
}): object {
  const { bucket = 'undertone-inbox', eventTime = '2026-01-31T23:59:59.999Z', ...rest } = object;
  const { eventName = 'ObjectCreated:Put', ...entry } = rest;
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        eventName,
        eventTime,
        s3: { bucket: { name: bucket }, object: entry },
      },
    ],
  };
}

/** The context that Lambda hands a function. */
export function lambdaContext(remaining = 120_000): Context {
  return {
    awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'label',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:label',
    memoryLimitInMB: '1769',
    logGroupName: '/aws/lambda/label',
    logStreamName: 'stream',
    getRemainingTimeInMillis: () => remaining,
    done() {},
    fail() {},
    succeed() {},
  };
}
