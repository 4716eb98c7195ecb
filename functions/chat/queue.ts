import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { retryAfter, sendMessage } from '../aws/queues.ts';
import { CHAT_RETRY_DELAYS } from '../infrastructure.ts';
import { chatEnvironment } from './environment.ts';

/**
 * One piece of work of the chat worker: what a platform has sent, verified and as it was parsed. The
 * platform's own code reads the payload.
 */
export const chatJobSchema = z.object({
  platform: z.enum(['discord', 'slack']),
  /** The same for the same event, however often the platform sends it. */
  id: z.string().min(1),
  payload: z.unknown(),
});

export type ChatJob = z.infer<typeof chatJobSchema>;

/**
 * Hands a piece of work to the chat worker. Those of one group are done one after another, in the order
 * in which they came; one that comes again within five minutes is done once.
 *
 * @param group names what has to stay in order: the channel
 * @throws UndertoneError `unavailable` when the queue does not take it
 */
export async function enqueue(job: ChatJob, { group }: { readonly group: string }): Promise<void> {
  await sendMessage(chatEnvironment('queue').UNDERTONE_CHAT_QUEUE_URL, job, {
    group: queueName(`${job.platform}-${group}`),
    deduplicationId: queueName(`${job.platform}-${job.id}`),
  });
}

/**
 * Has a message that failed come again soon, a little later each time, instead of when its visibility
 * timeout is over. After its last try it is up to the queue at once, which gives it up.
 *
 * @throws what SQS refuses it with; the message comes again all the same, later
 */
export async function tryAgainSoon(record: SQSRecord): Promise<void> {
  const tries = Number(record.attributes.ApproximateReceiveCount);
  const seconds = CHAT_RETRY_DELAYS[tries - 1] ?? 0;
  await retryAfter(chatEnvironment('queue').UNDERTONE_CHAT_QUEUE_URL, record, seconds);
}

/** SQS takes 128 characters of a few kinds. */
function queueName(text: string): string {
  return text.replace(/[^\w.-]/g, '_').slice(0, 128);
}
