import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { API_CODES, ERROR_TABLE, verdictSchema } from '../../core/index.ts';
import {
  BATCH,
  BATCH_RESULTS,
  batchResultsSchema,
  batchSchema,
  CALLBACK_EVENT,
  callbackEventSchema,
  NO_SPEECH,
  UPLOAD,
  uploadSchema,
  VERDICT,
  WAITING,
  waitingSchema,
} from '../../functions/http/schemas.ts';
import { handler } from '../../functions/openapi.ts';
import { ROUTES } from '../../functions/routes.ts';
import { openApiEvent } from './event.ts';

async function call(headers: Record<string, string> = {}) {
  const answer = await handler(openApiEvent({ headers }));
  return { ...answer, headers: answer.headers as Record<string, string> };
}

async function documentOf() {
  return JSON.parse((await call()).body);
}

test('is a valid OpenAPI 3.1 document', async () => {
  const validator = new Validator();
  const document = await documentOf();
  const result = await validator.validate(structuredClone(document));
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  expect(validator.version).toBe('3.1');
  // Every reference leads somewhere.
  expect(() => validator.resolveRefs()).not.toThrow();
});

test('gives a linter nothing to complain about', async () => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    // Not among the recommended rules: examples that their own schemas refuse, and unused parts.
    rules: { 'no-invalid-media-type-examples': 'error', 'no-unused-components': 'error' },
  });
  const complaintsAbout = async (document: object) => {
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    return problems.map(({ ruleId, location }) => `${ruleId} ${location[0]?.pointer}`);
  };
  const document = await documentOf();
  expect(await complaintsAbout(document)).toEqual([]);
  delete document.paths['/v1/model'].get.operationId;
  expect(await complaintsAbout(document)).toEqual([
    'operation-operationId #/paths/~1v1~1model/get/operationId',
  ]);
});

test('describes every route, and nothing else', async () => {
  const { paths } = await documentOf();
  const described = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
});

test('tells every error code, with its own status', async () => {
  const document = await documentOf();
  const codes = new Map<string, number>();
  for (const item of Object.values<object>(document.paths)) {
    for (const { responses } of Object.values<{ responses: object }>(item as never)) {
      for (const [status, response] of Object.entries<{ content?: object }>(responses as never)) {
        const problem = (response.content as Record<string, { examples: object }> | undefined)?.[
          'application/problem+json'
        ];
        for (const code of Object.keys(problem?.examples ?? {})) codes.set(code, Number(status));
      }
    }
  }
  const { description } = document.info;
  for (const code of API_CODES) {
    const { status } = ERROR_TABLE[code];
    if (description.includes(`\`${code}\` (${status})`)) continue;
    expect({ code, status: codes.get(code) }).toEqual({ code, status });
  }
  expect(document.components.schemas.Problem.properties.code.enum).toEqual(API_CODES);
});

test('describes what is posted to a callback, and where the request names it', async () => {
  const { paths, components } = await documentOf();
  const { receiveResult } = paths['/v1/uploads'].post.callbacks;
  const { post } = receiveResult['{$request.body#/callback/url}'];
  expect(post.requestBody.content['application/json'].schema.$ref).toBe(
    '#/components/schemas/CallbackEvent',
  );
  expect(components.schemas.UploadRequest.properties.callback.properties).toHaveProperty('url');
  expect(post.parameters.map(({ name }: { name: string }) => name)).toEqual([
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
  ]);
});

test('leads to its routes wherever it is served, and asks for no key where none is needed', async () => {
  const { servers, paths } = await documentOf();
  for (const base of ['https://x.amazonaws.com/prod', 'https://x.cloudfront.net']) {
    const server = new URL(servers[0].url, `${base}/openapi.json`).href.replace(/\/$/, '');
    expect(server).toBe(base);
  }
  expect(paths['/v1/model'].get.security).toEqual([]);
  expect(paths['/openapi.json'].get.security).toEqual([]);
  expect(paths['/v1/emotion'].post.security).toEqual([{}, { apiKey: [] }]);
  expect(paths['/v1/emotion'].post.responses).toHaveProperty('503');
});

test('has examples that fit its own schemas', () => {
  for (const verdict of [VERDICT, NO_SPEECH]) verdictSchema.parse(verdict);
  uploadSchema.parse(UPLOAD);
  waitingSchema.parse(WAITING);
  batchSchema.parse(BATCH);
  batchResultsSchema.parse(BATCH_RESULTS);
  callbackEventSchema.parse(CALLBACK_EVENT);
});

test('is not sent again to those who have it', async () => {
  const { etag } = (await call()).headers;
  expect((await call({ 'if-none-match': etag })).statusCode).toBe(304);
});
