import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { handler } from '../../functions/classify-upload.ts';
import { startEventSource } from '../../local-cloud/functions.ts';
import { LocalQueue } from '../../local-cloud/queue.ts';
import { type CloudUnderTest, lambdaContext } from '../functions/local-aws.ts';

/**
 * Queues what comes into the inbox for all tests of a file, as the local cloud does. The function that
 * labels it runs in this process.
 *
 * @returns start(), which lets that function work until the end of the test
 */
export function useLabelling(cloud: CloudUnderTest): { start(): void } {
  let folder: string;
  let queue: LocalQueue;
  let end: () => Promise<void> = async () => {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'undertone-queue-'));
    const options = { folder, visibilityTimeout: 60_000, maxReceiveCount: 5 };
    queue = new LocalQueue({ name: 'labels', ...options });
    cloud.aws.onObjectCreated((event) => queue.send(JSON.stringify(event)));
  });

  afterEach(async () => {
    await end();
    end = async () => {};
  });

  afterAll(() => rm(folder, { recursive: true }));

  return {
    start() {
      end = startEventSource({
        queue,
        handler: (event: SQSEvent) => handler(event, lambdaContext()),
        ...{ batchSize: 4, concurrency: 1 },
        onError: (error) => {
          throw error;
        },
      });
    },
  };
}
