import { UndertoneError } from '../core/index.ts';
// Loaded while the instance starts, not with the first note.
import 'onnxruntime-node';
import { announce } from './aws/callbacks.ts';
import type { CreatedObject } from './aws/notification.ts';
import { deleteUpload } from './aws/recordings.ts';
import { findResult, finishResult } from './aws/results.ts';
import { UPLOADS } from './infrastructure.ts';
import { type Alone, forEachObject } from './labelling/batch.ts';
import { classifyObject } from './labelling/object.ts';

/**
 * Answers an upload through the API, has its result posted if the client wants that, and deletes it. It is
 * classified only while its result is awaited: not after the result was deleted or has expired, and not when
 * its form is used again. The result is announced then if it was not, as this may have ended before.
 */
async function classifyUpload(
  object: CreatedObject,
  delivery: number,
  alone: Alone,
): Promise<void> {
  const id = object.key;
  const result = await findResult(id);
  if (result && !result.outcome) {
    const outcome = await classifyObject(object, alone).catch(async (thrown) => {
      const { code, message } = UndertoneError.from(thrown);
      if (delivery >= UPLOADS.tries) await finishResult(id, { error: { code, message } });
      throw thrown;
    });
    // Replaced by another one, which is announced too.
    if (typeof outcome === 'string') return;
    await finishResult(id, outcome);
  }
  if (result) await announce(result);
  await deleteUpload(id);
}

export const handler = forEachObject(classifyUpload);
