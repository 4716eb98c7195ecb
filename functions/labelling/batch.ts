import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { DECODE_TIMEOUT_MS, UndertoneError } from '../../core/index.ts';
import { describeError } from '../../lib/log.ts';
import { type CreatedObject, createdObjects } from '../aws/notification.ts';
import { registerContext } from '../aws/once.ts';
import { logger, metrics } from './telemetry.ts';

/** Milliseconds that the slowest recording may need: reading it, decoding it, listening, writing. */
const SLOWEST = DECODE_TIMEOUT_MS + 10_000;

/**
 * Does something with an object that was announced.
 *
 * @param delivery how often the message was delivered, this time included
 * @param alone runs a part that computes, and during which nothing else of the batch goes on
 */
export type ObjectWork = (object: CreatedObject, delivery: number, alone: Alone) => Promise<void>;

/** @throws Error when there is not enough time left */
export type Alone = <T>(compute: () => Promise<T>) => Promise<T>;

/** How far a message is. */
interface Progress {
  /** Resolves when nothing of it is left to compute. */
  readonly computed: Promise<void>;
  /** Resolves when it and all before it have succeeded or failed. */
  readonly done: Promise<void>;
}

/**
 * Returns a Lambda handler that takes S3's notifications from a queue, and answers which of its messages
 * have to be tried again: those whose work failed.
 *
 * What one message has to write and what the next one has to read is awaited at the same time, and then the
 * next one computes, alone. So memory holds one recording; one that crashes the process finds the earlier
 * ones labelled; and no request runs into its time limit because computing kept its answer from being read.
 *
 * @example
 * export const handler = forEachObject(labelObject);
 */
export function forEachObject(work: ObjectWork) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    logger.addContext(context);
    registerContext(context);
    const begun: CreatedObject[] = [];
    let last: Progress = { computed: Promise.resolve(), done: Promise.resolve() };
    const inTurn = (message: SQSRecord): Promise<void> => {
      const before = last;
      let release = () => {};
      const computed = new Promise<void>((resolve) => {
        release = resolve;
      });
      const result = workOn({ message, context, work, before, begun, release }).finally(release);
      last = { computed, done: result.catch(() => {}).then(() => before.done) };
      return result;
    };
    try {
      return await processPartialResponse(event, inTurn, new BatchProcessor(EventType.SQS), {
        context,
        // All are called at once, in their order; each waits for its turn.
        processInParallel: true,
        throwOnFullBatchFailure: false,
      });
    } finally {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    }
  };
}

interface Job {
  readonly message: SQSRecord;
  readonly context: Context;
  readonly work: ObjectWork;
  readonly before: Progress;
  /** What the messages before it announced; it adds its own. */
  readonly begun: CreatedObject[];
  /** Called once nothing is left to compute. */
  readonly release: () => void;
}

async function workOn({ message, context, work, before, begun, release }: Job): Promise<void> {
  const { messageId, attributes, body } = message;
  try {
    await before.computed;
    const objects = createdObjects(body);
    // Duplicates find each other's work done, not in progress, and labels of one key keep their order.
    if (objects.some((object) => begun.some((other) => isSameKey(object, other)))) {
      await before.done;
    }
    begun.push(...objects);
    const turn = before.done.then(() => checkTime(context));
    // Awaited below, by those that compute.
    turn.catch(() => {});
    for (const object of objects) {
      checkTime(context);
      await work(object, Number(attributes.ApproximateReceiveCount), async (compute) => {
        await turn;
        const result = await compute();
        if (object === objects.at(-1)) release();
        return result;
      });
    }
  } catch (thrown) {
    logger.error('to be tried again', { messageId, ...describeError(UndertoneError.from(thrown)) });
    throw thrown;
  }
}

function isSameKey(one: CreatedObject, other: CreatedObject): boolean {
  return one.bucket === other.bucket && one.key === other.key;
}

function checkTime(context: Context): void {
  if (context.getRemainingTimeInMillis() >= SLOWEST) return;
  throw new Error('There is not enough time left for another recording.');
}
