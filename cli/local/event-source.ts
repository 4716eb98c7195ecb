import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import type { LocalQueue } from './queue.ts';

/** Milliseconds between two looks into a queue that is quiet. */
const POLL_INTERVAL = 500;

export interface EventSourceOptions {
  readonly queue: LocalQueue;
  /** Handles one batch; what it throws, or does not answer well, is delivered again. */
  readonly handler: (event: SQSEvent) => Promise<SQSBatchResponse | undefined>;
  readonly batchSize: number;
  /** How many batches are handled at a time. */
  readonly concurrency: number;
  readonly onError: (error: unknown) => void;
}

const responseSchema = z
  .object({
    batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish(),
  })
  .nullish();

/**
 * Feeds a queue to a handler as Lambda's event source mapping for SQS does, with partial batch
 * responses: what the handler does not name as failed is removed, the rest comes again when its
 * visibility timeout is over.
 *
 * @returns a function that takes no more messages and resolves when those at hand are dealt with
 * @example
 * const end = startEventSource({ queue, handler, batchSize: 10, concurrency: 1, onError: console.error });
 */
export function startEventSource(options: EventSourceOptions): () => Promise<void> {
  const { queue, batchSize, concurrency, onError } = options;
  const batches = new Set<Promise<void>>();
  let isClosed = false;
  const pump = () => {
    try {
      while (!isClosed && batches.size < concurrency) {
        const records = queue.receive(batchSize);
        if (records.length === 0) return;
        const batch = handle(records, options).catch(onError);
        batches.add(batch);
        batch.finally(() => {
          batches.delete(batch);
          pump();
        });
      }
    } catch (error) {
      onError(error);
    }
  };
  // Not at once: messages that are sent in the same moment make one batch.
  const offSend = queue.onSend(() => setImmediate(pump));
  const timer = setInterval(pump, POLL_INTERVAL);
  pump();
  return async () => {
    isClosed = true;
    offSend();
    clearInterval(timer);
    await Promise.all(batches);
  };
}

async function handle(records: SQSRecord[], options: EventSourceOptions): Promise<void> {
  const { queue, handler } = options;
  const failed = failedIds(records, await handler({ Records: records }));
  for (const { messageId } of records) if (!failed.has(messageId)) queue.remove(messageId);
}

/** @throws Error when the answer cannot be about this batch: then all of it counts as failed */
function failedIds(records: readonly SQSRecord[], answer: unknown): ReadonlySet<string> {
  const failures = responseSchema.parse(answer)?.batchItemFailures ?? [];
  const failed = new Set(failures.map(({ itemIdentifier }) => itemIdentifier));
  const known = new Set(records.map(({ messageId }) => messageId));
  for (const id of failed) {
    if (!known.has(id)) throw new Error('The handler named a message that it was not given.');
  }
  return failed;
}
