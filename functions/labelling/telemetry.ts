import { createHash } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import type { CreatedObject } from '../aws/notification.ts';

const serviceName = process.env.POWERTOOLS_SERVICE_NAME ?? 'undertone';
const namespace = process.env.POWERTOOLS_METRICS_NAMESPACE ?? 'Undertone';

export const logger = new Logger({ serviceName });
export const metrics = new Metrics({ serviceName, namespace });
/** The SDK's clients are not traced: their traces would name objects. */
const tracer = new Tracer({ serviceName, captureHTTPsRequests: false });

/** Returns what logs call an object: the same for the same object, and without its name. */
export function anonymous({ bucket, key }: Pick<CreatedObject, 'bucket' | 'key'>): string {
  return createHash('sha256').update(`${bucket}/${key}`).digest('hex').slice(0, 16);
}

/** Does a piece of work and has X-Ray, where it is, show how long it took. */
export async function traced<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (!tracer.isTracingEnabled()) return work();
  return tracer.provider.captureAsyncFunc(name, async (segment) => {
    try {
      return await work();
    } finally {
      segment?.close();
    }
  }) as Promise<T>;
}
