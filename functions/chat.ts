import { processPartialResponse, SqsFifoPartialProcessorAsync } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { logEvent } from '../lib/log.ts';
import { isTableAway, once, registerContext } from './aws/once.ts';
import { chatWorker } from './chat/platforms.ts';
import { chatJobSchema, tryAgainSoon } from './chat/queue.ts';
import { CHAT } from './infrastructure.ts';

/**
 * The chat worker: does what was asked in Discord and Slack, in the order of each channel, and
 * answers there. A voice note that cannot be heard is answered with a sentence, and is done; only what
 * failed for reasons that lie with us, or with a platform that does not answer, comes again: soon, and
 * before what its channel has asked since.
 */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  registerContext(context);
  const response = await processPartialResponse(
    event,
    answerMessage,
    new SqsFifoPartialProcessorAsync(),
    // The later messages of a channel come back with the one that failed; other channels go on.
    { context, skipGroupOnError: true, throwOnFullBatchFailure: false },
  );
  const failed = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  for (const record of event.Records) {
    if (!failed.has(record.messageId)) continue;
    await tryAgainSoon(record).catch((thrown) =>
      logEvent('chat: a job is tried again later than it should be', thrown),
    );
  }
  return response;
}

async function answerMessage({ body, attributes }: SQSRecord, context: Context): Promise<void> {
  try {
    const { platform, id, payload } = chatJobSchema.parse(JSON.parse(body));
    const { platforms, dynamodb: client, idempotencyTable: tableName } = chatWorker();
    const tried = Number(attributes.ApproximateReceiveCount);
    // Notes that are not classified by then are answered with a sentence, however many there are.
    const left = Math.max(0, context.getRemainingTimeInMillis() - CHAT.answerSeconds * 1000);
    const signal = AbortSignal.timeout(left);
    let isBegun = false;
    const work = () => {
      isBegun = true;
      return platforms[platform](payload, { isRepeated: tried > 1, signal });
    };
    await once('chat', { platform, id }, { tableName, client }, work).catch(async (thrown) => {
      // On the last try an answer that might be the second one is better than none.
      if (isBegun || tried < CHAT.tries || !isTableAway(thrown)) throw thrown;
      await work();
    });
  } catch (thrown) {
    logEvent('chat: a job is to be tried again', thrown);
    throw thrown;
  }
}
