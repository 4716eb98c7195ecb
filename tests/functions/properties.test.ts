import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { cardSchema, verdictSchema } from '../../core/index.ts';
import type { LambdaHandler } from '../../functions/http/lambda.ts';
import {
  batchResultsSchema,
  batchSchema,
  problemSchema,
  uploadSchema,
  waitingSchema,
} from '../../functions/http/schemas.ts';
import { answer } from '../../functions/openapi.ts';
import { ROUTES } from '../../functions/routes.ts';
import { voiceLike, wavFile } from '../fixtures/audio.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { proxyEvent } from './event.ts';
import { useLocalAws } from './local-aws.ts';

/** The part of the document that these tests read. */
const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        parameters: z
          .array(z.object({ name: z.string(), in: z.enum(['path', 'query']) }))
          .default([]),
        requestBody: z.object({ content: z.record(z.string(), z.unknown()) }).optional(),
        responses: z.record(
          z.string(),
          z.object({
            content: z
              .record(z.string(), z.object({ schema: z.object({ $ref: z.string().optional() }) }))
              .optional(),
          }),
        ),
      }),
    ),
  ),
});
const { paths } = documentSchema.parse(
  await (await answer(new Request('http://localhost/openapi.json'))).json(),
);
type Operation = (typeof paths)[string][string];

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  '#/components/schemas/Verdict': verdictSchema,
  '#/components/schemas/Upload': uploadSchema,
  '#/components/schemas/Waiting': waitingSchema,
  '#/components/schemas/Batch': batchSchema,
  '#/components/schemas/BatchResults': batchResultsSchema,
  '#/components/schemas/ModelCard': cardSchema,
  '#/components/schemas/Problem': problemSchema,
};

const note = wavFile(voiceLike({ seconds: 0.5 }));

useTinyModel();
useLocalAws();
beforeEach(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});

/** Texts that requests are made of by people who try what happens. */
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '..',
    '../../etc/passwd',
    '%2e%2e%2f',
    '%00',
    '\0',
    '__proto__',
    'constructor',
    "' OR 1=1 --",
    '<script>',
    'true',
    'false',
    'null',
    'a'.repeat(24),
    'a'.repeat(5000),
  ),
);

const contentType = fc.oneof(
  fc.constantFrom(
    'audio/ogg',
    'application/octet-stream',
    'multipart/form-data',
    'multipart/form-data; boundary=x',
    'multipart/form-data; boundary="',
    'multipart/form-data; boundary=x; boundary=y',
    'MULTIPART/FORM-DATA;BOUNDARY=x',
    'multipart/mixed; boundary=x',
    'application/json',
  ),
  oddText,
);

/** Forms that are nearly right: a piece is missing, doubled, or out of its place. */
const brokenForm = fc
  .array(
    fc.constantFrom(
      '--x\r\n',
      '--x--',
      '--x--\r\n',
      '\r\n',
      '\n',
      'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n',
      'Content-Disposition: form-data; name="file"\r\n',
      'Content-Disposition: form-data; name=file; filename=\r\n',
      'Content-Disposition: form-data\r\n',
      'Content-Type: audio/wav\r\n',
      'Content-Transfer-Encoding: base64\r\n',
      Buffer.from(note).toString('latin1'),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.from(pieces.join(''), 'latin1'));

const body = fc.oneof(
  fc.constant(undefined),
  fc.uint8Array({ maxLength: 200 }),
  brokenForm,
  fc.json().map((text) => Buffer.from(text)),
  fc
    .record(
      {
        callback: fc.record(
          { url: fc.oneof(oddText, fc.webUrl()), secret: oddText },
          { requiredKeys: [] },
        ),
        batch: oddText,
        reference: oddText,
      },
      { requiredKeys: [] },
    )
    .map((value) => Buffer.from(JSON.stringify(value))),
  // Recordings with a few bytes changed, or cut off.
  fc
    .tuple(fc.nat(note.length), fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }))
    .map(([length, changes]) => {
      const changed = Uint8Array.from(note);
      for (const [at, value] of changes) changed[at] = value;
      return changed.subarray(0, length);
    }),
);

const headers = fc.dictionary(
  fc.oneof(
    oddText,
    fc.constantFrom(
      'content-length',
      'If-None-Match',
      'transfer-encoding',
      'expect',
      'Host',
      'accept',
    ),
  ),
  fc.oneof(oddText, fc.constantFrom('1073741824', '-1', '*', 'chunked', '100-continue')),
  { maxKeys: 4 },
);

/** Requests to an operation, from what the document says that it takes, and from what it does not. */
function requestsTo(method: string, path: string, { parameters }: Operation) {
  const named = (place: string) => parameters.filter((parameter) => parameter.in === place);
  const values = (place: string) =>
    fc.record(Object.fromEntries(named(place).map(({ name }) => [name, oddText])), {
      requiredKeys: place === 'path' ? named(place).map(({ name }) => name) : [],
    });
  return fc
    .record({
      pathParameters: values('path'),
      query: fc.tuple(values('query'), fc.dictionary(oddText, oddText, { maxKeys: 2 })),
      headers,
      contentType: fc.option(contentType, { nil: undefined }),
      body,
      isText: fc.boolean(),
    })
    .map(({ pathParameters, query, contentType: type, ...rest }) => {
      const sent = { ...rest.headers, ...(type !== undefined && { 'content-type': type }) };
      const options = { isText: rest.isText, headers: sent, query: { ...query[1], ...query[0] } };
      return proxyEvent(
        method.toUpperCase(),
        path,
        { ...options, ...(rest.body !== undefined && { body: rest.body }) },
        pathParameters,
      );
    });
}

describe('any request', () => {
  test.each(ROUTES)('to $method $path gets an answer of the document', async (route) => {
    const operation = paths[route.path][route.method.toLowerCase()];
    const { handler } = (await import(`../../functions/${route.handler}.ts`)) as {
      handler: LambdaHandler;
    };
    const check = async (event: Parameters<LambdaHandler>[0]) => {
      const { statusCode, headers: sent = {}, body: text } = await handler(event);
      expect(statusCode).toBeLessThan(500);
      expect(sent['x-request-id']).toBe(event.requestContext.requestId);
      const response = operation.responses[String(statusCode)];
      expect(response, `status ${statusCode}: ${text}`).toBeDefined();
      // Neither stacks nor paths of ours.
      expect(text).not.toMatch(/\\n\s+at |node_modules|\.ts:\d|\/tmp\//);
      if (!response.content) {
        expect(text).toBe('');
        return;
      }
      const content = response.content[String(sent['content-type'])];
      expect(content, String(sent['content-type'])).toBeDefined();
      SCHEMAS[content.schema.$ref ?? '']?.parse(JSON.parse(text));
    };
    const requests = requestsTo(route.method, route.path, operation);
    await fc.assert(fc.asyncProperty(requests, check), { numRuns: 150, seed: 5 });
  });
});
