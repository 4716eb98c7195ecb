import { createBatch } from './aws/batches.ts';
import { newBatchId } from './aws/result-id.ts';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { batches } from './routes.ts';

/** `POST /v1/batches`: makes an empty batch, whose id lets uploads join it and reads their results. */
export const answer = handle(batches, async ({ respond }) => {
  const id = newBatchId();
  const expires = (await createBatch(id)).toISOString();
  const batch = { id, expires, results: `/v1/batches/${id}/results` };
  // Relative to the address that the client used.
  return respond(201, batch, { location: `batches/${id}/results` });
});

export const handler = lambda(answer);
