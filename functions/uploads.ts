import { MAX_BYTES, UndertoneError } from '../core/index.ts';
import { addToBatch } from './aws/batches.ts';
import { createCallback } from './aws/callbacks.ts';
import { FORM_SECONDS, uploadForm } from './aws/recordings.ts';
import { isBatchId, NO_BATCH, newResultId } from './aws/result-id.ts';
import { createResult } from './aws/results.ts';
import { callbackUrl } from './callbacks/address.ts';
import { newSecret } from './callbacks/delivery.ts';
import { handle, readJson } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { uploadRequestSchema } from './http/schemas.ts';
import { uploads } from './routes.ts';

/**
 * `POST /v1/uploads`: for what is larger than one call takes, and for what nobody wants to wait for. Answers
 * a form that uploads one file straight to the bucket, and where its result will be.
 */
export const answer = handle(uploads, async ({ request, respond }) => {
  const { callback, batch, reference } = await readJson(request, uploadRequestSchema);
  const target = callback && {
    url: callbackUrl(callback.url).href,
    secret: callback.secret ?? newSecret(),
  };
  const id = newResultId();
  const expires = new Date(Date.now() + FORM_SECONDS * 1000).toISOString();
  const { url, fields } = await uploadForm(id);
  if (batch !== undefined && !(isBatchId(batch) && (await addToBatch(batch, id)))) {
    throw new UndertoneError('not-found', NO_BATCH);
  }
  if (target) await createCallback(id, target);
  // Last: before this is there, nothing can come of the others.
  await createResult(id, { reference, hasCallback: target !== undefined });
  const upload = {
    id,
    upload: { url, fields },
    expires,
    maxBytes: MAX_BYTES,
    result: `/v1/results/${id}`,
    // A secret that the client knows is not repeated.
    ...(target && { callback: callback.secret ? { url: target.url } : target }),
  };
  // Relative to the address that the client used: the function does not know whether a stage is part of
  // it, as it is behind API Gateway and is not behind CloudFront.
  return respond(201, upload, { location: `results/${id}` });
});

export const handler = lambda(answer);
