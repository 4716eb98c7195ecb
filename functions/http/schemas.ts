import * as z from 'zod';
import { API_CODES, type Verdict } from '../../core/index.ts';
import { resultIdSchema } from '../aws/result-id.ts';

/** Problem details (RFC 9457): the body of every answer that is not a success. */
export const problemSchema = z.strictObject({
  type: z.string().describe('stable for the code; relative to the address of the API'),
  title: z.string().describe('short; the same for all problems of this code'),
  status: z.number().int().min(400).max(599).describe('the HTTP status'),
  detail: z.string().describe('what was wrong, what is accepted and what to do'),
  code: z.enum(API_CODES).describe('stable; for programs'),
  instance: z.string().describe('the request id, also in the header X-Request-Id'),
});

/** What `POST /v1/uploads` answers. */
export const uploadSchema = z.strictObject({
  id: resultIdSchema.describe('names the result; it cannot be guessed'),
  upload: z
    .strictObject({
      url: z.url(),
      fields: z.record(z.string(), z.string()),
    })
    .describe(
      'POST a multipart form to `url`: every one of `fields`, then the recording as the part `file`, which must come last',
    ),
  expires: z.iso.datetime().describe('when the form expires'),
  maxBytes: z.number().int().positive().describe('largest recording that the form accepts'),
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

const ID = 'b0K3vYq8-2mXw_7sTzRf1uPc';

const probabilities = {
  neutral: 0.08,
  calm: 0.03,
  happy: 0.71,
  sad: 0.02,
  angry: 0.05,
  fearful: 0.04,
  disgust: 0.02,
  surprised: 0.05,
};

const model = {
  name: 'undertone',
  version: '1.0.0',
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};

/** The examples of the OpenAPI document. */
export const VERDICT: Verdict = {
  emotion: 'happy',
  confidence: 0.71,
  probabilities,
  duration: 3.12,
  speech: { start: 0.41, end: 2.87 },
  sequence: [],
  timeline: [{ start: 0.41, end: 2.87, emotion: 'happy', confidence: 0.71, probabilities }],
  summary: { happy: 1 },
  model,
};

export const NO_SPEECH: Verdict = {
  emotion: 'no-speech',
  confidence: 0,
  probabilities: null,
  duration: 2.5,
  speech: null,
  sequence: [],
  timeline: [],
  summary: {},
  model,
};

export const UPLOAD: Upload = {
  id: ID,
  upload: {
    url: 'https://undertone-inbox.s3.eu-central-1.amazonaws.com/',
    fields: {
      bucket: 'undertone-inbox',
      key: `uploads/${ID}`,
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIAEXAMPLE/20260131/eu-central-1/s3/aws4_request',
      'X-Amz-Date': '20260131T120000Z',
      Policy: 'eyJleHBpcmF0aW9uIjoi…',
      'X-Amz-Signature': '3d4a…',
    },
  },
  expires: '2026-01-31T12:15:00.000Z',
  maxBytes: 26_214_400,
  result: `/v1/results/${ID}`,
};

export const WAITING: Waiting = { id: ID, status: 'waiting' };
