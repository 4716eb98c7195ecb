import type { Context } from 'aws-lambda';
import * as z from 'zod';

/**
 * The process of a local function: loads the module named by its first argument and passes events to its
 * export `handler`, as Lambda's runtime does. It ends with its parent process.
 */
const [module, name] = process.argv.slice(2);

const eventSchema = z.object({ id: z.number(), event: z.unknown(), deadline: z.number() });
const moduleSchema = z.object({
  handler: z.custom<(event: unknown, context: Context) => Promise<unknown>>(
    (value) => typeof value === 'function',
  ),
});

const loaded = import(module).then((exports) => moduleSchema.parse(exports));
// Reported for each event instead.
loaded.catch(() => {});

process.on('message', async (message) => {
  const { id, event, deadline } = eventSchema.parse(message);
  const context = contextOf(`local-${process.pid}-${id}`, deadline);
  try {
    const { handler } = await loaded;
    answer({ id, result: await handler(event, context) });
  } catch (thrown) {
    const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    answer({ id, error });
  }
});
// Signals are for the parent, which lets events in progress finish.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.once('disconnect', () => process.exit());

/** Sends to the parent. If it is gone, nobody wants to know, and this process ends anyway. */
function answer(message: object): void {
  process.send?.(message, undefined, undefined, () => {});
}

function contextOf(awsRequestId: string, deadline: number): Context {
  return {
    awsRequestId,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${name}`,
    memoryLimitInMB: '1024',
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    // For handlers with callbacks; ours return promises.
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
