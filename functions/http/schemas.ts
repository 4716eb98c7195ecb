import * as z from 'zod';
import { API_CODES } from '../../core/errors.ts';
import { resultIdSchema } from '../aws/result-id.ts';

/** Problem details (RFC 9457) as this API sends them. */
export const problemSchema = z.strictObject({
  type: z.string().describe('stable for the code; relative to the address of the API'),
  title: z.string().describe('short; the same for all problems of this code'),
  status: z.number().int().min(400).max(599).describe('the HTTP status'),
  detail: z.string().describe('what was wrong, what is taken and what to do'),
  code: z.enum(API_CODES).describe('stable; for programs'),
  instance: z.string().describe('the request id, which stands in the header X-Request-Id too'),
});

/** What `POST /v1/uploads` answers. */
export const uploadSchema = z.strictObject({
  id: resultIdSchema.describe('names the result; nobody can guess it'),
  upload: z
    .strictObject({
      url: z.url(),
      fields: z.record(z.string(), z.string()),
    })
    .describe(
      'POST a multipart form to `url`: every one of `fields`, then the recording as the part `file`, which has to be the last',
    ),
  expires: z.iso.datetime().describe('until when the form is taken'),
  maxBytes: z.number().int().positive().describe('largest recording that the form takes'),
  result: z.string().describe('path of the result on this API'),
});

/** What `GET /v1/results/{id}` answers until there is a result. */
export const waitingSchema = z.strictObject({
  id: resultIdSchema,
  status: z.literal('waiting'),
});

export type Problem = z.infer<typeof problemSchema>;
export type Upload = z.infer<typeof uploadSchema>;
export type Waiting = z.infer<typeof waitingSchema>;
