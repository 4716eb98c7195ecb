import { MAX_BYTES } from '../core/index.ts';
import { FORM_SECONDS, uploadForm } from './aws/recordings.ts';
import { newResultId } from './aws/result-id.ts';
import { createResult } from './aws/results.ts';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { uploads } from './routes.ts';

/**
 * `POST /v1/uploads`: for what is larger than one call takes. Answers a form that uploads one file
 * straight to the bucket, and where its result will be.
 */
export const answer = handle(uploads, async ({ respond }) => {
  const id = newResultId();
  const expires = new Date(Date.now() + FORM_SECONDS * 1000).toISOString();
  const { url, fields } = await uploadForm(id);
  await createResult(id);
  const upload = {
    id,
    upload: { url, fields },
    expires,
    maxBytes: MAX_BYTES,
    result: `/v1/results/${id}`,
  };
  // Relative to the address that the client used: the function does not know whether a stage is part of
  // it, as it is behind API Gateway and is not behind CloudFront.
  return respond(201, upload, { location: `results/${id}` });
});

export const handler = lambda(answer);
