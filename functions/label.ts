import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { DECODE_TIMEOUT_MS, UndertoneError } from '../core/index.ts';
// Loaded while the instance starts, not with the first note.
import 'onnxruntime-node';
import { describeError } from '../lib/log.ts';
import { createdObjects } from './aws/notification.ts';
import { registerContext } from './aws/once.ts';
import { LABELLING } from './infrastructure.ts';
import { labelObject } from './labelling/object.ts';
import { logger, metrics } from './labelling/telemetry.ts';

/** Milliseconds that the slowest recording may need: reading it, decoding it, listening, writing. */
const SLOWEST = DECODE_TIMEOUT_MS + 10_000;

/**
 * Labels what came into the inbox bucket. Takes S3's notifications from a queue and answers which of
 * its messages have to be tried again: those that failed for reasons that lie with us or with AWS.
 * A recording that cannot be classified gets its named error, and is done.
 */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  logger.addContext(context);
  registerContext(context);
  try {
    return await processPartialResponse(
      event,
      (message: SQSRecord) => labelMessage(message, context),
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
}

async function labelMessage(message: SQSRecord, context: Context): Promise<void> {
  const { messageId, attributes } = message;
  const isLastTry = Number(attributes.ApproximateReceiveCount) >= LABELLING.tries;
  try {
    for (const object of createdObjects(message.body)) {
      if (context.getRemainingTimeInMillis() < SLOWEST) {
        throw new Error('There is not enough time left for another recording.');
      }
      await labelObject(object, isLastTry);
    }
  } catch (thrown) {
    logger.error('to be tried again', { messageId, ...describeError(UndertoneError.from(thrown)) });
    throw thrown;
  }
}
