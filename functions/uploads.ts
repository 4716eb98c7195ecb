import { MAX_BYTES } from '../core/limits.ts';
import { FORM_SECONDS, uploadForm } from './aws/inbox.ts';
import { newResultId, uploadKey } from './aws/result-id.ts';
import { createResult } from './aws/results.ts';
import { httpHandler } from './http/handler.ts';
import { json } from './http/respond.ts';
import type { Upload } from './http/schemas.ts';

/**
 * `POST /v1/uploads`: for what is larger than one call takes. Answers a form that uploads one file
 * straight to the bucket, and where its result will be.
 */
export const handler = httpHandler(async ({ requestContext, resource }) => {
  const id = newResultId();
  const expires = new Date(Date.now() + FORM_SECONDS * 1000).toISOString();
  const { url, fields } = await uploadForm(uploadKey(id));
  await createResult(id);
  const result = `/v1/results/${id}`;
  const upload: Upload = { id, upload: { url, fields }, expires, maxBytes: MAX_BYTES, result };
  // The stage or base path that a client sees in front of the routes.
  const prefix = requestContext.path.slice(0, -resource.length);
  return json(upload, { 'cache-control': 'no-store', location: prefix + result }, 201);
});
