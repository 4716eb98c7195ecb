import { deleteCallback } from './aws/callbacks.ts';
import { deleteUpload } from './aws/recordings.ts';
import { deleteResult as deleteRow } from './aws/results.ts';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { deleteResult } from './routes.ts';

/**
 * `DELETE /v1/results/{id}`: removes the recording, if it is still there, and the result, which is
 * then posted nowhere. Answers 204 even when there was nothing to remove.
 */
export const answer = handle(deleteResult, async ({ params: { id }, respond }) => {
  await Promise.all([deleteUpload(id), deleteRow(id), deleteCallback(id)]);
  return respond(204, null);
});

export const handler = lambda(answer);
