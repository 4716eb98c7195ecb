import { deleteFromInbox } from './aws/inbox.ts';
import { uploadKey } from './aws/result-id.ts';
import { deleteResult } from './aws/results.ts';
import { httpHandler } from './http/handler.ts';
import { readResultId } from './http/path.ts';
import { noContent } from './http/respond.ts';

/**
 * `DELETE /v1/results/{id}`: removes the recording, if it is still there, and the result. Answers 204
 * also when there was nothing to remove.
 */
export const handler = httpHandler(async (event) => {
  const id = readResultId(event);
  await Promise.all([deleteFromInbox(uploadKey(id)), deleteResult(id)]);
  return noContent({ 'cache-control': 'no-store' });
});
