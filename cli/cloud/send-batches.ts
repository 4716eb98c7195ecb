import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { UndertoneError } from '../../core/index.ts';
import { backoff } from '../../lib/backoff.ts';
import { awsError } from './aws-error.ts';

/** The most messages that SQS takes in one call. */
const BATCH = 10;
/** How often messages are sent again that SQS refused out of a batch that it took. */
const TRIES = 6;
/** Milliseconds before the first of these tries; doubled for each further one. */
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
