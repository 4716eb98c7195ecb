import { classify, UndertoneError } from '../../core/index.ts';
import { describeError } from '../../lib/log.ts';
import { type Absence, readObject } from '../aws/inbox.ts';
import type { CreatedObject } from '../aws/notification.ts';
import type { Outcome } from '../aws/results.ts';
import { anonymous, logger, traced } from './telemetry.ts';

/** Failures that are not the recording's: the message stays in the queue, and ends in the other one. */
const OURS: ReadonlySet<string> = new Set([
  'unavailable',
  'configuration-invalid',
  'model-invalid',
] satisfies UndertoneError['code'][]);

/**
 * Returns the verdict on a recording in the inbox, or the error that hearing it had.
 *
 * @throws UndertoneError when the failure is ours, so that another try makes sense
 */
export async function hear(object: CreatedObject): Promise<Outcome | Absence> {
  try {
    const bytes = await traced('read', () => readObject(object));
    if (typeof bytes === 'string') return bytes;
    return { verdict: await traced('hear', () => classify(bytes)) };
  } catch (thrown) {
    const error = UndertoneError.from(thrown);
    if (OURS.has(error.code)) throw error;
    if (error.status >= 500) {
      logger.error('not heard', { object: anonymous(object), ...describeError(error) });
    }
    return { error: { code: error.code, message: error.message } };
  }
}
