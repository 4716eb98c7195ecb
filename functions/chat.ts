import { processPartialResponse, SqsFifoPartialProcessorAsync } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { logEvent } from '../bots/log.ts';
import { once, registerContext } from './aws/once.ts';
import { chatJobSchema } from './chat/job.ts';
import { chatWorker } from './chat/platforms.ts';

/**
 * The chat worker: does what was asked in Discord and Slack, in the order of each channel, and
 * answers there. A voice note that cannot be heard is answered with a sentence, and is done; only what
 * failed for reasons that lie with us, or with a platform that does not answer, comes again.
 */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  registerContext(context);
  return processPartialResponse(event, answerMessage, new SqsFifoPartialProcessorAsync(), {
    context,
    throwOnFullBatchFailure: false,
  });
}

async function answerMessage({ body, attributes }: SQSRecord): Promise<void> {
  try {
    const { platform, id, payload } = chatJobSchema.parse(JSON.parse(body));
    const { platforms, dynamodb: client, idempotencyTable: tableName } = chatWorker();
    const isRepeated = Number(attributes.ApproximateReceiveCount) > 1;
    await once('chat', { platform, id }, { tableName, client }, () =>
      platforms[platform](payload, { isRepeated }),
    );
  } catch (thrown) {
    logEvent('chat: a job is to be tried again', thrown);
    throw thrown;
  }
}
