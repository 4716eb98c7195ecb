/**
 * Every route of the HTTP API, declared once. The functions check requests and type their answers by
 * it (http/handle.ts); the OpenAPI document, the stack in cdk/ and the local server are made from it.
 *
 * A declaration is data and names its handler by file: the stack reads it without loading what the
 * handlers need, and each function bundles its own handler only. For the same reason this is not a
 * Hono app. A function has one route and nothing to dispatch, and `@hono/zod-openapi` would refuse
 * recordings with an undeclared content type (clients seldom set it right) and not find a route behind
 * the stage prefix of API Gateway. Hono does the routing where there is some: in the local server.
 *
 * The file is long because it is the one table of all routes: what a route may say, then each route.
 */
import * as z from 'zod';
import { cardSchema, type ErrorCode, verdictSchema } from '../core/index.ts';
import { batchIdSchema, RESULT_SECONDS, resultIdSchema } from './aws/result-id.ts';
import {
  BATCH,
  BATCH_RESULTS,
  batchResultsSchema,
  batchSchema,
  CALLBACK_EVENT,
  callbackEventSchema,
  NO_SPEECH,
  RESULT_STATES,
  UPLOAD,
  uploadRequestSchema,
  uploadSchema,
  VERDICT,
  WAITING,
  waitingSchema,
} from './http/schemas.ts';

/** What the functions, the local server and the stack need of any route. */
interface RouteBase {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** A name in braces stands for one segment, which `params` checks. */
  readonly path: string;
  /** The file in this folder: its `answer` answers a Request, its `handler` is the Lambda function. */
  readonly handler: string;
  /** Uses buckets, tables or queues. */
  readonly usesCloud?: boolean;
}

/** A route of the API, as the OpenAPI document describes it. */
export interface ApiRoute extends RouteBase {
  /** Stays open where the operator asks for keys: it says what this is and how to use it. */
  readonly isOpen?: boolean;
  /** Seconds for which a client may keep the answer without asking again; by default it may not. */
  readonly maxAge?: number;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** Of the path. What does not fit is `not-found`, with the sentence of the schema. */
  readonly params?: z.ZodObject;
  /** What does not fit is `parameter-invalid`, with the sentence of the schema. */
  readonly query?: z.ZodObject;
  /** The body by content type. */
  readonly body?: Readonly<Record<string, z.ZodType>>;
  /** A request without a body is one, too. */
  readonly isBodyOptional?: boolean;
  /** Successful answers by status. */
  readonly answers: Readonly<Record<number, ApiAnswer>>;
  /** Failures besides those that any route may have. */
  readonly problems: readonly ErrorCode[];
  /** A request that the API makes later, to a URL in the body of this one. */
  readonly callback?: ApiCallback;
}

export interface ApiCallback {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  /** Where the URL stands in the body, as a JSON pointer. */
  readonly url: string;
  readonly schema: z.ZodType;
  readonly examples: Readonly<Record<string, unknown>>;
  /** What its headers say, by name. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ApiAnswer {
  readonly description: string;
  /** Of the JSON; absent where the answer has no body. */
  readonly schema?: z.ZodType;
  readonly examples?: Readonly<Record<string, unknown>>;
  /** The same in other formats, by content type: an example of each. */
  readonly texts?: Readonly<Record<string, string>>;
  /** What its own headers say, by name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A route that a chat platform calls. The platform says what is sent and answered. */
export interface ChatRoute extends RouteBase {
  /** Signs what it sends, which takes the place of a key. The route exists where it is set up. */
  readonly platform: 'discord' | 'slack';
  /** Of the signature and of the time that it covers. The firewall refuses what lacks them. */
  readonly signatureHeaders: readonly [signature: string, timestamp: string];
}

/** A web page with which a workspace of Slack installs the app. It exists where that is set up. */
export interface InstallRoute extends RouteBase {
  readonly installs: 'slack';
}

export type Route = ApiRoute | ChatRoute | InstallRoute;

/** What web pages of any origin may send and read (CORS). */
export const CORS = {
  origin: '*',
  allowHeaders: ['accept', 'content-type', 'if-none-match', 'x-api-key'],
  exposeHeaders: ['etag', 'link', 'location', 'retry-after', 'x-request-id'],
  /** Seconds for which a browser may keep a permission. */
  maxAge: 3600,
} as const;

const query = z.object({
  timeline: z
    .enum(['true', 'false'], {
      error: 'The parameter "timeline" takes true or false. Omit it to get the timeline.',
    })
    .default('true')
    .transform((value) => value === 'true')
    .meta({ description: '`false` leaves the timeline out of the Verdict.' }),
});

const params = z.object({
  id: resultIdSchema.meta({ description: 'As answered by POST /v1/uploads.', example: UPLOAD.id }),
});

const recording = z.string().meta({
  description: 'The bytes of the recording, in any format of docs/limits.md.',
  // OpenAPI 3.1 needs only the media type; generators of clients take bytes instead of text for this.
  format: 'binary',
  contentMediaType: 'audio/*',
});

const verdict = {
  description: 'The emotion in the recording. Silence, music and noise are not errors.',
  schema: verdictSchema.meta({
    id: 'Verdict',
    description:
      'What one recording sounds like. `emotion` is one of eight, `uncertain` when the best guess is below the confidence that the model card names, or `no-speech`.',
  }),
  examples: { speech: VERDICT, 'no speech': NO_SPEECH },
} as const satisfies ApiAnswer;

/** What can be wrong with a recording itself, or with what decodes and classifies it. */
const RECORDING_PROBLEMS = [
  'audio-too-long',
  'format-unsupported',
  'audio-unreadable',
  'decode-timeout',
  'decoder-missing',
  'model-invalid',
] as const satisfies readonly ErrorCode[];

const CLOUD_PROBLEMS = [
  'unavailable',
  'configuration-invalid',
] as const satisfies readonly ErrorCode[];

export const emotion = {
  method: 'POST',
  path: '/v1/emotion',
  handler: 'emotion',
  operationId: 'hearEmotion',
  summary: 'Classify the emotion in a recording',
  description:
    'The recording is the body itself, whatever its content type, or the part `file` of a multipart form. Behind API Gateway a request takes about 4.5 MB; send more with `POST /v1/uploads`.',
  query,
  body: {
    // First, because some generators know only the first: any of them can send a form.
    'multipart/form-data': z.object({ file: recording }),
    'application/octet-stream': recording,
    'audio/*': recording,
  },
  answers: { 200: verdict },
  problems: ['audio-missing', 'parameter-invalid', 'audio-too-large', ...RECORDING_PROBLEMS],
} as const satisfies ApiRoute;

export const uploads = {
  method: 'POST',
  path: '/v1/uploads',
  handler: 'uploads',
  usesCloud: true,
  operationId: 'createUpload',
  summary: 'Upload a larger recording',
  description:
    'Answers a form that uploads one file straight to storage, and the address of its result. With a `callback`, the result is also posted to a URL of yours, signed as Standard Webhooks says; with a `batch`, it is listed there.',
  body: {
    'application/json': uploadRequestSchema.meta({
      id: 'UploadRequest',
      description: 'What to do with the result. Every field is optional, and so is the body.',
    }),
  },
  isBodyOptional: true,
  answers: {
    201: {
      description: 'Send the form, then ask for the result.',
      schema: uploadSchema.meta({ id: 'Upload' }),
      examples: { upload: UPLOAD },
      headers: { Location: 'where the result will be, relative to the address of this request' },
    },
  },
  problems: ['parameter-invalid', 'not-found', ...CLOUD_PROBLEMS],
  callback: {
    operationId: 'receiveResult',
    summary: 'The result, posted to a URL of yours',
    description:
      'Signed as Standard Webhooks says: check the signature against the body as it came. Answer 2xx within ten seconds; anything else is tried again, later each time. The same result may come twice.',
    url: '/callback/url',
    schema: callbackEventSchema.meta({ id: 'CallbackEvent' }),
    examples: { result: CALLBACK_EVENT },
    headers: {
      'webhook-id': 'the same for each try',
      'webhook-timestamp': 'when this try was made, in seconds since 1970',
      'webhook-signature':
        '`v1,` and, in base64, HMAC-SHA256 with the secret over id, timestamp and body, joined by dots',
    },
  },
} as const satisfies ApiRoute;

export const result = {
  method: 'GET',
  path: '/v1/results/{id}',
  handler: 'result',
  usesCloud: true,
  operationId: 'getResult',
  summary: 'The result of an upload',
  description: `Kept for ${RESULT_SECONDS / 3600} hours. A recording that could not be classified answers the problem that it had.`,
  params,
  query,
  answers: {
    200: verdict,
    202: {
      description: 'The upload or its verdict is still pending. Ask again.',
      schema: waitingSchema.meta({ id: 'Waiting' }),
      examples: { waiting: WAITING },
      headers: { 'Retry-After': 'seconds until the next try' },
    },
  },
  problems: [
    'parameter-invalid',
    'not-found',
    'audio-missing',
    'audio-too-large',
    ...RECORDING_PROBLEMS,
    ...CLOUD_PROBLEMS,
  ],
} as const satisfies ApiRoute;

export const deleteResult = {
  method: 'DELETE',
  path: '/v1/results/{id}',
  handler: 'delete-result',
  usesCloud: true,
  operationId: 'deleteResult',
  summary: 'Delete a recording and its result',
  params,
  answers: { 204: { description: 'Neither exists any longer.' } },
  problems: ['not-found', ...CLOUD_PROBLEMS],
} as const satisfies ApiRoute;

export const batches = {
  method: 'POST',
  path: '/v1/batches',
  handler: 'batches',
  usesCloud: true,
  operationId: 'createBatch',
  summary: 'Create a batch of uploads',
  description: `Answers an id. Give it as \`batch\` to POST /v1/uploads, and read the results of all these uploads together. Kept for ${RESULT_SECONDS / 3600} hours after the last of them.`,
  answers: {
    201: {
      description: 'An empty batch.',
      schema: batchSchema.meta({ id: 'Batch' }),
      examples: { batch: BATCH },
      headers: { Location: 'where its results are, relative to the address of this request' },
    },
  },
  problems: CLOUD_PROBLEMS,
} as const satisfies ApiRoute;

/** The sentence for a cursor that none of our pages had. */
export const NO_CURSOR =
  'The cursor is not one of this API. Send the "next" of the previous page unchanged, or omit the cursor to start from the beginning.';
const LIMIT = 'The parameter "limit" takes a whole number from 1 to 100. Omit it for 100.';

export const batchResults = {
  method: 'GET',
  path: '/v1/batches/{id}/results',
  handler: 'batch-results',
  usesCloud: true,
  operationId: 'listBatchResults',
  summary: 'The results of a batch',
  description:
    'A page of them, in the order in which the uploads were asked for; `next` leads to the next page. A page may be short, or even empty, before the last one. Results that were deleted or have expired are left out, and so are timelines: GET /v1/results/{id} has them.',
  params: z.object({
    id: batchIdSchema.meta({ description: 'As answered by POST /v1/batches.', example: BATCH.id }),
  }),
  query: z.object({
    state: z
      .enum(RESULT_STATES, {
        error: 'The parameter "state" takes waiting, done or failed. Omit it to get all results.',
      })
      .optional()
      .meta({ description: 'Leaves out results in another state.' }),
    cursor: z.string(NO_CURSOR).optional().meta({ description: '`next` of the previous page.' }),
    limit: z
      .string(LIMIT)
      .regex(/^([1-9]\d?|100)$/, LIMIT)
      .default('100')
      .transform(Number)
      .meta({ description: 'The most results of a page, from 1 to 100.' }),
    format: z
      .enum(['json', 'csv'], {
        error: 'The parameter "format" takes json or csv. Omit it for JSON.',
      })
      .optional()
      .meta({ description: '`csv` like `Accept: text/csv`.' }),
  }),
  answers: {
    200: {
      description: 'A page of results.',
      schema: batchResultsSchema.meta({ id: 'BatchResults' }),
      examples: { page: BATCH_RESULTS },
      texts: {
        'text/csv':
          'id,reference,state,emotion,…\r\nb0K3vYq8-2mXw_7sTzRf1uPc,calls/1.ogg,done,happy,…\r\n',
      },
      headers: { Link: 'the next page, as `rel="next"`, relative to the address of this request' },
    },
  },
  problems: ['parameter-invalid', 'not-found', ...CLOUD_PROBLEMS],
} as const satisfies ApiRoute;

export const model = {
  method: 'GET',
  path: '/v1/model',
  handler: 'model',
  isOpen: true,
  maxAge: 60,
  operationId: 'getModel',
  summary: 'The model card',
  answers: {
    200: {
      description: 'What the model was trained on, how well it does, and its limits.',
      schema: cardSchema.meta({ id: 'ModelCard' }),
    },
  },
  problems: ['model-invalid'],
} as const satisfies ApiRoute;

export const openapi = {
  method: 'GET',
  path: '/openapi.json',
  handler: 'openapi',
  isOpen: true,
  maxAge: 300,
  operationId: 'getOpenApi',
  summary: 'This document',
  answers: { 200: { description: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) } },
  problems: [],
} as const satisfies ApiRoute;

export const discordInteractions = {
  method: 'POST',
  path: '/discord/interactions',
  handler: 'discord-interactions',
  usesCloud: true,
  platform: 'discord',
  signatureHeaders: ['x-signature-ed25519', 'x-signature-timestamp'],
} as const satisfies ChatRoute;

export const slackEvents = {
  method: 'POST',
  path: '/slack/events',
  handler: 'slack-events',
  usesCloud: true,
  platform: 'slack',
  signatureHeaders: ['x-slack-signature', 'x-slack-request-timestamp'],
} as const satisfies ChatRoute;

export const slackInstall = {
  method: 'GET',
  path: '/slack/install',
  handler: 'slack-install',
  usesCloud: true,
  installs: 'slack',
} as const satisfies InstallRoute;

/** Where Slack leads a browser back to. */
export const slackOauthRedirect = {
  ...slackInstall,
  path: '/slack/oauth_redirect',
} as const satisfies InstallRoute;

export const ROUTES = [
  emotion,
  uploads,
  result,
  deleteResult,
  batches,
  batchResults,
  model,
  openapi,
] as const satisfies readonly ApiRoute[];

export const CHAT_ROUTES: readonly ChatRoute[] = [discordInteractions, slackEvents];

export const INSTALL_ROUTES: readonly InstallRoute[] = [slackInstall, slackOauthRedirect];
