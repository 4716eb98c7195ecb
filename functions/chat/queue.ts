import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { UndertoneError } from '../../core/index.ts';
import { answeringWithin } from '../../lib/backoff.ts';
import { CHAT_RETRY_DELAYS } from '../infrastructure.ts';
import { chatEnvironment } from './environment.ts';
import type { ChatJob } from './job.ts';

/** Milliseconds of each of two attempts: a platform waits three seconds for its acknowledgement. */
const PATIENCE = 1200;

let client: SQSClient | undefined;

/**
 * Hands a piece of work to the chat worker. Those of one group are done one after another, in the order
 * in which they came; one that comes again within five minutes is done once.
 *
 * @param group names what has to stay in order: the channel
 * @throws UndertoneError `unavailable` when the queue does not take it
 */
export async function enqueue(job: ChatJob, { group }: { readonly group: string }): Promise<void> {
  const { UNDERTONE_CHAT_QUEUE_URL: QueueUrl } = chatEnvironment('queue');
  const message = new SendMessageCommand({
    QueueUrl,
    MessageBody: JSON.stringify(job),
    MessageGroupId: queueName(`${job.platform}-${group}`),
    MessageDeduplicationId: queueName(`${job.platform}-${job.id}`),
  });
  await sqs()
    .send(message)
    .catch((cause) => {
      throw new UndertoneError(
        'unavailable',
        'This could not be taken right now. Try again in a few seconds.',
        { cause },
      );
    });
}

/**
 * Has a message that failed come again soon, a little later each time, instead of when its visibility
 * timeout is over. After its last try it is up to the queue at once, which gives it up.
 *
 * @throws what SQS refuses it with; the message comes again all the same, later
 */
export async function tryAgainSoon({ receiptHandle, attributes }: SQSRecord): Promise<void> {
  const { UNDERTONE_CHAT_QUEUE_URL: QueueUrl } = chatEnvironment('queue');
  const tries = Number(attributes.ApproximateReceiveCount);
  const VisibilityTimeout = CHAT_RETRY_DELAYS[tries - 1] ?? 0;
  const change = { QueueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout };
  await sqs().send(new ChangeMessageVisibilityCommand(change));
}

function sqs(): SQSClient {
  client ??= new SQSClient({ requestHandler: answeringWithin(PATIENCE), maxAttempts: 2 });
  return client;
}

/** SQS takes 128 characters of a few kinds. */
function queueName(text: string): string {
  return text.replace(/[^\w.-]/g, '_').slice(0, 128);
}
