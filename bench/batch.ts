import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Context, SQSRecord } from 'aws-lambda';
import { startLocalAws } from '../local-cloud/aws.ts';
import { LocalQueue } from '../local-cloud/queue.ts';
import { startFaultProxy } from '../tests/support/fault-proxy.ts';
import { inFolder, measureInTurns, samplePath, table } from './measure.ts';

const NOTES = 10;
/** Milliseconds by which an answer of S3 or DynamoDB is late. */
const DELAY = 40;
const RUNS = 5;

/** The function that labels objects of a bucket, which reads the next one while it writes the last label. */
export async function benchBatch(): Promise<void> {
  await inFolder(async (folder) => {
    const aws = await startLocalAws({ folder: null });
    await using s3 = await startFaultProxy(aws.endpoints.s3);
    await using dynamodb = await startFaultProxy(aws.endpoints.dynamodb);
    const quiet = { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' };
    const late = { AWS_ENDPOINT_URL_S3: s3.url, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url };
    Object.assign(process.env, aws.env, late, quiet);
    // Here, because it looks at the environment when it is loaded.
    const { handler } = await import('../functions/label.ts');
    const queue = new LocalQueue({
      name: 'bench',
      folder: join(folder, 'queue'),
      maxReceiveCount: 1,
      visibilityTimeout: 1e6,
    });
    aws.onObjectCreated((event) => queue.send(JSON.stringify(event)));
    const client = new S3Client({ endpoint: aws.endpoints.s3, forcePathStyle: true });
    const Body = readFileSync(samplePath('plain.ogg'));
    const total = 2 * (RUNS + 1) * NOTES;
    for (let i = 0; i < total; i++) {
      await client.send(new PutObjectCommand({ Bucket: 'undertone-inbox', Key: `${i}.ogg`, Body }));
    }
    s3.fault = dynamodb.fault = () => ({ how: 'late', by: DELAY });
    const label = async (Records: SQSRecord[]) => {
      const { batchItemFailures } = await handler({ Records }, context);
      if (batchItemFailures.length > 0) throw new Error('A note was not labelled.');
    };
    const works = {
      'one after the other': async () => {
        for (const record of queue.receive(NOTES)) await label([record]);
      },
      'in one batch': () => label(queue.receive(NOTES)),
    };
    const timings = await measureInTurns(works, RUNS, 1);
    table(`${NOTES} notes of 4.2 s in a bucket, where each request takes ${DELAY} ms`, timings);
    client.destroy();
    await aws.close();
  });
}

const context = {
  awsRequestId: 'bench',
  functionName: 'label',
  getRemainingTimeInMillis: () => 120_000,
} as Context;
