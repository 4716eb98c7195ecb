import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { UndertoneError } from '../../core/index.ts';
import { answeringWithin } from '../../lib/backoff.ts';

/** Milliseconds of each of two attempts: a chat platform waits three seconds for its acknowledgement. */
const PATIENCE = 1200;

let client: SQSClient | undefined;

/** Of a FIFO queue: what stays in order, and what is the same message. */
export interface MessageOrder {
  readonly group: string;
  readonly deduplicationId: string;
}

/**
 * Puts a message into a queue, as JSON.
 *
 * @param order for a FIFO queue only
 * @throws UndertoneError `unavailable` when the queue does not take it
 */
export async function sendMessage(
  QueueUrl: string,
  message: object,
  order?: MessageOrder,
): Promise<void> {
  const command = new SendMessageCommand({
    QueueUrl,
    MessageBody: JSON.stringify(message),
    ...(order && {
      MessageGroupId: order.group,
      MessageDeduplicationId: order.deduplicationId,
    }),
  });
  await sqs()
    .send(command)
    .catch((cause) => {
      throw new UndertoneError(
        'unavailable',
        'This could not be taken right now. Try again in a few seconds.',
        { cause },
      );
    });
}

/**
 * Has a message come again after some seconds, instead of when its visibility timeout is over.
 *
 * @throws what SQS refuses it with; the message comes again all the same, later
 */
export async function retryAfter(
  QueueUrl: string,
  { receiptHandle: ReceiptHandle }: SQSRecord,
  VisibilityTimeout: number,
): Promise<void> {
  await sqs().send(
    new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }),
  );
}

function sqs(): SQSClient {
  client ??= new SQSClient({ requestHandler: answeringWithin(PATIENCE), maxAttempts: 2 });
  return client;
}
