import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { logEvent } from '../lib/log.ts';
import {
  countTries,
  deleteCallback,
  findCallback,
  postLater,
  resultToPost,
} from './aws/callbacks.ts';
import { findResult, resultItem } from './aws/results.ts';
import { type DeliveryOptions, deliver, NotTaken } from './callbacks/delivery.ts';
import { CALLBACKS_PER_HOST } from './infrastructure.ts';

/**
 * Returns the function that posts results to the callbacks of clients. One that is not taken is tried again
 * later; the message says no more than which result it is about.
 */
export function deliverCallbacks(options: DeliveryOptions = {}) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> =>
    processPartialResponse(
      event,
      (record: SQSRecord) => deliverOne(record, options),
      new BatchProcessor(EventType.SQS),
      { context, throwOnFullBatchFailure: false },
    );
}

export const handler = deliverCallbacks();

async function deliverOne(record: SQSRecord, options: DeliveryOptions): Promise<void> {
  try {
    await deliverResult(resultToPost(record), options);
  } catch (thrown) {
    if (thrown instanceof NotTaken) {
      const { ApproximateReceiveCount: tries } = record.attributes;
      logEvent('callback: not taken', undefined, { reason: thrown.message, tries: Number(tries) });
    } else logEvent('callback: to be tried again', thrown);
    await postLater(record, { isHostBusy: thrown instanceof HostBusy }).catch((error) =>
      logEvent('callback: tried again at another time than it should be', error),
    );
    throw thrown;
  }
}

/** Nothing was sent: the host has had what it gets in a minute. */
class HostBusy extends NotTaken {}

/** Posts a result once: it may be announced again, and a result that was deleted is posted nowhere. */
async function deliverResult(id: string, options: DeliveryOptions): Promise<void> {
  const [callback, result] = await Promise.all([findCallback(id), findResult(id)]);
  if (!callback) return;
  if (result) {
    if (!result.outcome) throw new Error('The result was announced before it was there.');
    const type = 'error' in result.outcome ? 'result.failed' : 'result.done';
    const { hostname } = new URL(callback.url);
    if (!(await countTries(hostname, 1))) throw new HostBusy('too many for one host');
    await deliver(callback, { type, data: resultItem(result) }, options).catch(async (thrown) => {
      await countTries(hostname, CALLBACKS_PER_HOST.perFailure - 1).catch(() => {});
      throw thrown;
    });
  }
  await deleteCallback(id);
}
