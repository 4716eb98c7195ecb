import { announce } from './aws/callbacks.ts';
import { deleteUpload } from './aws/recordings.ts';
import { findResult, finishResult } from './aws/results.ts';
import { forEachObject } from './labelling/batch.ts';

/** What is known of a process that was killed. */
const FAILED = {
  code: 'internal',
  message:
    'The recording could not be classified: every try was cut short on our side. Please upload it again.',
} as const;

/**
 * Answers uploads whose messages have become dead letters, so that nobody waits in vain. Where the last try
 * has told what went wrong, that stays.
 */
export const handler = forEachObject(async ({ key: id }) => {
  const result = await findResult(id);
  if (result) {
    await finishResult(id, { error: FAILED });
    await announce(result);
  }
  await deleteUpload(id);
});
