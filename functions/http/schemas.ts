import * as z from 'zod';
import { API_CODES, type Verdict, verdictSchema, withoutTimeline } from '../../core/index.ts';
import { batchIdSchema, resultIdSchema } from '../aws/result-id.ts';

/** Problem details (RFC 9457): the body of every answer that is not a success. */
export const problemSchema = z.strictObject({
  type: z.string().describe('stable for the code; relative to the address of the API'),
  title: z.string().describe('short; the same for all problems of this code'),
  status: z.number().int().min(400).max(599).describe('the HTTP status'),
  detail: z.string().describe('what was wrong, what is accepted and what to do'),
  code: z.enum(API_CODES).describe('stable; for programs'),
  instance: z.string().describe('the request id, also in the header X-Request-Id'),
});

/** Says what an object in a body consists of, where it is something else or has another part. */
function only(what: string, names: string) {
  return {
    error: ({ code, keys }: { readonly code?: string; readonly keys?: unknown }) =>
      code === 'unrecognized_keys'
        ? `${what} has a field "${[keys].flat()[0]}" that is unknown. It takes ${names}.`
        : `${what} takes an object with ${names}.`,
  };
}

const REFERENCE =
  'The "reference" takes a text of 1 to 200 characters without line ends and other control characters.';
const URL_LENGTH = 'The URL of the callback takes a text of at most 2,048 characters.';
const SECRET =
  'The secret of the callback takes "whsec_" and 24 to 64 random bytes in base64. Omit it to have one made.';

/** What `POST /v1/uploads` takes. */
export const uploadRequestSchema = z.strictObject(
  {
    callback: z
      .strictObject(
        {
          url: z
            .string(URL_LENGTH)
            .max(2048, URL_LENGTH)
            .describe('an https URL on the public internet, port 443 or 8443'),
          secret: z
            .string(SECRET)
            .regex(
              /^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
              SECRET,
            )
            .describe('signs what is posted; a new one is made and answered by default')
            .optional(),
        },
        only('The "callback"', '"url" and, if you like, "secret"'),
      )
      .describe('where the result is posted when it is there')
      .optional(),
    batch: z
      .string('The "batch" takes the id that POST /v1/batches answered.')
      .describe('the id of a batch that the result joins')
      .optional(),
    reference: z
      .string(REFERENCE)
      .min(1, REFERENCE)
      .max(200, REFERENCE)
      // Nor half a character, of which there is no UTF-8.
      .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]*$/u, REFERENCE)
      .describe("the client's own name for the recording, which lists and callbacks repeat")
      .optional(),
  },
  only('The body', '"callback", "batch" and "reference", all of them optional'),
);

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
  callback: z
    .strictObject({
      url: z.url().describe('where the result will be posted'),
      secret: z
        .string()
        .optional()
        .describe('signs what is posted; absent where the client gave one'),
    })
    .optional(),
});

/** What `POST /v1/batches` answers. */
export const batchSchema = z.strictObject({
  id: batchIdSchema.describe('names the batch; it cannot be guessed'),
  expires: z.iso.datetime().describe('when it expires, unless another upload joins it'),
  results: z.string().describe('path of its results on this API'),
});

export const RESULT_STATES = ['waiting', 'done', 'failed'] as const;

/** A result in a list, and in what is posted to a callback. */
export const resultItemSchema = z.strictObject({
  id: resultIdSchema.describe('names the result'),
  state: z
    .enum(RESULT_STATES)
    .describe('`done` with a verdict, `failed` with an error, `waiting` before that'),
  reference: z.string().optional().describe('what the client called the recording'),
  verdict: verdictSchema.optional(),
  error: z
    .strictObject({ code: z.enum(API_CODES), message: z.string() })
    .optional()
    .describe('what was wrong, as `code` and `detail` of a problem'),
});

/** What is posted to a callback. */
export const callbackEventSchema = z.strictObject({
  type: z.enum(['result.done', 'result.failed']),
  data: resultItemSchema,
});

/** What `GET /v1/batches/{id}/results` answers. */
export const batchResultsSchema = z.strictObject({
  results: z.array(resultItemSchema),
  next: z.string().nullable().describe('the `cursor` of the next page; null on the last one'),
});

/** What `GET /v1/results/{id}` answers until there is a result. */
export const waitingSchema = z.strictObject({
  id: resultIdSchema,
  status: z.literal('waiting'),
});

export type Problem = z.infer<typeof problemSchema>;
export type Upload = z.infer<typeof uploadSchema>;
export type Waiting = z.infer<typeof waitingSchema>;
export type Batch = z.infer<typeof batchSchema>;
export type ResultItem = z.infer<typeof resultItemSchema>;
export type CallbackEvent = z.infer<typeof callbackEventSchema>;
export type BatchResults = z.infer<typeof batchResultsSchema>;

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

const BATCH_ID = 'Zk4rTq9_mXw7sV2yLr1uPc8e';

export const BATCH: Batch = {
  id: BATCH_ID,
  expires: '2026-02-01T12:00:00.000Z',
  results: `/v1/batches/${BATCH_ID}/results`,
};

export const BATCH_RESULTS: BatchResults = {
  results: [
    { id: ID, state: 'done', reference: 'calls/1.ogg', verdict: withoutTimeline(VERDICT) },
    {
      id: 'p9Qe2LxV0sYt_5bNcJ7aKd3f',
      state: 'failed',
      reference: 'calls/2.txt',
      error: { code: 'format-unsupported', message: 'This is text, not a recording.' },
    },
    { id: 'w6Hn8ZrB1gUm-4dXoE5iTj2k', state: 'waiting', reference: 'calls/3.ogg' },
  ],
  next: null,
};

export const CALLBACK_EVENT: CallbackEvent = {
  type: 'result.done',
  data: BATCH_RESULTS.results[0],
};
