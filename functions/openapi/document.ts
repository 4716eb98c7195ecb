import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import * as z from 'zod';
import { MAX_BYTES, MAX_SECONDS } from '../../core/limits.ts';
import { cardSchema } from '../../core/model/card.ts';
import { verdictSchema } from '../../core/verdict.ts';
import { RESULT_SECONDS, resultIdSchema } from '../aws/result-id.ts';
import { querySchema } from '../http/query.ts';
import { uploadSchema, waitingSchema } from '../http/schemas.ts';
import { NO_SPEECH, UPLOAD, VERDICT, WAITING } from './examples.ts';
import { textHeader } from './headers.ts';
import { problemResponses } from './problems.ts';

const Verdict = verdictSchema.meta({
  id: 'Verdict',
  description:
    'What is heard in one recording. `emotion` is one of eight, `uncertain` when the best guess is below the confidence that the model card names, or `no-speech`.',
});
const Upload = uploadSchema.meta({ id: 'Upload' });
const Waiting = waitingSchema.meta({ id: 'Waiting' });
const ModelCard = cardSchema.meta({ id: 'ModelCard' });

const query = z.object({
  timeline: querySchema.shape.timeline.meta({
    description: '`false` leaves the timeline out of the Verdict.',
  }),
});
const params = z.object({
  id: resultIdSchema.meta({ description: 'As POST /v1/uploads answered it.', example: UPLOAD.id }),
});
const binary = z.string().meta({
  description: 'The bytes of the recording, in any format of docs/limits.md.',
  contentMediaType: 'audio/*',
});

const RECORDING_ERRORS = [
  'audio-too-long',
  'format-unsupported',
  'audio-unreadable',
  'decode-timeout',
  'decoder-missing',
  'model-invalid',
] as const;

const requestId = { 'X-Request-Id': textHeader('the request id, which is in the log too') };

const verdict = {
  description: 'What is heard in the recording. Silence, music and noise are no errors.',
  headers: requestId,
  content: {
    'application/json': {
      schema: Verdict,
      examples: { speech: { value: VERDICT }, 'no speech': { value: NO_SPEECH } },
    },
  },
};

/**
 * Returns the description of the HTTP API, OpenAPI 3.1, from the very schemas that check what comes
 * in and type what goes out.
 *
 * @example
 * const { paths } = openApiDocument();
 */
export function openApiDocument() {
  const registry = new OpenAPIRegistry();
  const apiKey = registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: 'Only where the operator of the API asks for keys.',
  });
  const security = [{}, { [apiKey.name]: [] }];
  registry.registerPath({
    method: 'post',
    path: '/v1/emotion',
    operationId: 'hearEmotion',
    summary: 'Hear the emotion in a recording',
    description:
      'The recording is the body itself, whatever its content type, or the part `file` of a multipart form. Behind API Gateway a request takes about 4.5 MB; send more with `POST /v1/uploads`.',
    security,
    request: {
      query,
      body: {
        required: true,
        content: {
          'application/octet-stream': { schema: binary },
          'audio/*': { schema: binary },
          'multipart/form-data': { schema: z.object({ file: binary }) },
        },
      },
    },
    responses: {
      200: verdict,
      ...problemResponses([
        'audio-missing',
        'parameter-invalid',
        'audio-too-large',
        ...RECORDING_ERRORS,
      ]),
    },
  });
  registry.registerPath({
    method: 'post',
    path: '/v1/uploads',
    operationId: 'createUpload',
    summary: 'Upload a larger recording',
    description:
      'Answers a form for one file, which goes straight to storage, and the address of its result.',
    security,
    responses: {
      201: {
        description: 'Send the form, then ask for the result.',
        headers: { ...requestId, Location: textHeader('path of the result') },
        content: { 'application/json': { schema: Upload, example: UPLOAD } },
      },
      ...problemResponses(['unavailable', 'configuration-invalid']),
    },
  });
  registry.registerPath({
    method: 'get',
    path: '/v1/results/{id}',
    operationId: 'getResult',
    summary: 'The result of an upload',
    description: `Kept for ${RESULT_SECONDS / 3600} hours. A recording that cannot be heard answers the problem that it had.`,
    security,
    request: { params, query },
    responses: {
      200: verdict,
      202: {
        description: 'The upload, or its verdict, is waited for. Ask again.',
        headers: { ...requestId, 'Retry-After': textHeader('seconds until the next try') },
        content: { 'application/json': { schema: Waiting, example: WAITING } },
      },
      ...problemResponses([
        'parameter-invalid',
        'not-found',
        'audio-missing',
        'audio-too-large',
        ...RECORDING_ERRORS,
        'unavailable',
        'configuration-invalid',
      ]),
    },
  });
  registry.registerPath({
    method: 'delete',
    path: '/v1/results/{id}',
    operationId: 'deleteResult',
    summary: 'Delete a recording and its result',
    security,
    request: { params },
    responses: {
      204: { description: 'Nothing of it is there any more.', headers: requestId },
      ...problemResponses(['not-found', 'unavailable', 'configuration-invalid']),
    },
  });
  registry.registerPath({
    method: 'get',
    path: '/v1/model',
    operationId: 'getModel',
    summary: 'The model card',
    responses: {
      200: {
        description: 'What the model was trained on, how well it does, and its limits.',
        headers: { ...requestId, ETag: textHeader('for If-None-Match') },
        content: { 'application/json': { schema: ModelCard } },
      },
      304: { description: 'The card that `If-None-Match` names is still right.' },
      ...problemResponses(['model-invalid']),
    },
  });
  registry.registerPath({
    method: 'get',
    path: '/openapi.json',
    operationId: 'getOpenApi',
    summary: 'This document',
    responses: {
      200: {
        description: 'OpenAPI 3.1.',
        headers: { ...requestId, ETag: textHeader('for If-None-Match') },
        content: { 'application/json': { schema: { type: 'object' } } },
      },
      304: { description: 'The document that `If-None-Match` names is still right.' },
      ...problemResponses([]),
    },
  });
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Undertone',
      version: '1.0.0',
      license: { name: 'MIT', identifier: 'MIT' },
      description: `Hears the emotion in a voice note of at most ${MAX_BYTES / 2 ** 20} MiB and ${MAX_SECONDS / 60} minutes. Every failure is a problem document (RFC 9457) with a stable \`code\`; an address that does not exist answers \`not-found\` (404), and the local server also says \`method-not-allowed\` (405), \`host-unknown\` (421) and, to pages that want a live stream, \`origin-refused\` (403).`,
    },
    servers: [{ url: '/' }],
  });
}
