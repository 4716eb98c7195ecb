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
 */
export type ObjectWork = (object: CreatedObject, delivery: number) => Promise<void>;

/**
 * Returns a Lambda handler that takes S3's notifications from a queue, and answers which of its messages
 * have to be tried again: those whose work failed.
 *
 * @example
 * export const handler = forEachObject(labelObject);
 */
export function forEachObject(work: ObjectWork) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    logger.addContext(context);
    registerContext(context);
    try {
      return await processPartialResponse(
        event,
        (message: SQSRecord) => workOn(message, context, work),
        new BatchProcessor(EventType.SQS),
        {
          context,
          // One at a time: the recordings of a whole batch would not fit into memory.
          processInParallel: false,
          throwOnFullBatchFailure: false,
        },
      );
    } finally {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    }
  };
}

async function workOn(message: SQSRecord, context: Context, work: ObjectWork): Promise<void> {
  const { messageId, attributes, body } = message;
  try {
    for (const object of createdObjects(body)) {
      if (context.getRemainingTimeInMillis() < SLOWEST) {
        throw new Error('There is not enough time left for another recording.');
      }
      await work(object, Number(attributes.ApproximateReceiveCount));
    }
  } catch (thrown) {
    logger.error('to be tried again', { messageId, ...describeError(UndertoneError.from(thrown)) });
    throw thrown;
  }
}
