import * as z from 'zod';
import { ERROR_TABLE, type ErrorCode, MAX_BYTES, MAX_SECONDS } from '../core/index.ts';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { type Problem, problemSchema } from './http/schemas.ts';
import { type ApiAnswer, type ApiCallback, type ApiRoute, openapi, ROUTES } from './routes.ts';

/** What any route may answer. */
const ANYWHERE: readonly ErrorCode[] = ['unauthorized', 'rate-limited', 'internal', 'unavailable'];

const problem = problemSchema.meta({
  id: 'Problem',
  description:
    'Problem details (RFC 9457). `code` is stable and meant for programs, `detail` for people.',
});

const document = openApiDocument();

/** `GET /openapi.json`: the description of this API, OpenAPI 3.1. */
export const answer = handle(openapi, async ({ respond }) => respond(200, document));

export const handler = lambda(answer);

/**
 * Returns the description of the HTTP API, from the declarations that check requests and type answers.
 * zod writes the JSON Schema that OpenAPI 3.1 uses, so no other library is needed.
 */
function openApiDocument() {
  const schemas: Record<string, object> = {};
  return {
    openapi: '3.1.0',
    info: {
      title: 'Undertone',
      version: '1.0.0',
      license: { name: 'MIT', identifier: 'MIT' },
      description: `Classifies the emotion in a voice note of at most ${MAX_BYTES / 2 ** 20} MiB and ${MAX_SECONDS / 60} minutes. Every failure is a problem document (RFC 9457) with a stable \`code\`; an address that does not exist answers \`not-found\` (404). The local server also answers \`method-not-allowed\` (405), \`host-unknown\` (421) and, to pages that ask for a live stream, \`origin-refused\` (403).`,
    },
    // Relative to where the document is: below a stage, or at the root behind CloudFront.
    servers: [{ url: '.' }],
    paths: pathsOf(ROUTES, schemas),
    components: {
      securitySchemes: {
        apiKey: {
          type: 'apiKey',
          in: 'header',
          name: 'x-api-key',
          description: 'Only where the operator of the API asks for keys.',
        },
      },
      schemas,
    },
  };
}

/** The schemas by name, to which those with an `id` are added. */
type Components = Record<string, object>;

function pathsOf(routes: readonly ApiRoute[], schemas: Components) {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path][route.method.toLowerCase()] = operationOf(route, schemas);
  }
  return paths;
}

function operationOf(route: ApiRoute, schemas: Components) {
  const { operationId, summary, description, params, query, body, isBodyOptional, maxAge } = route;
  const parameters = [...parametersOf('path', params), ...parametersOf('query', query)];
  return {
    operationId,
    summary,
    description,
    security: route.isOpen ? [] : [{}, { apiKey: [] }],
    parameters: parameters.length > 0 ? parameters : undefined,
    requestBody: body && {
      required: !isBodyOptional,
      content: mapValues(body, (schema) => ({ schema: schemaOf(schema, schemas) })),
    },
    responses: {
      ...mapValues(route.answers, (answered) => responseOf(answered, maxAge, schemas)),
      ...(maxAge && { 304: { description: 'What `If-None-Match` names is still current.' } }),
      ...problemResponses([...new Set([...route.problems, ...ANYWHERE])], schemas),
    },
    callbacks: route.callback && callbacksOf(route.callback, schemas),
  };
}

/** Describes what clients get, for those who generate a receiver. */
function callbacksOf(callback: ApiCallback, schemas: Components) {
  const { operationId, summary, description, url, schema, examples, headers } = callback;
  const post = {
    operationId,
    summary,
    description,
    security: [],
    parameters: Object.entries(headers).map(([name, about]) => ({
      name,
      in: 'header',
      required: true,
      ...textHeader(about),
    })),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: schemaOf(schema, schemas),
          examples: mapValues(examples, (value) => ({ value })),
        },
      },
    },
    responses: {
      204: { description: 'Taken, as with any other 2xx.' },
      '4XX': { description: 'Not taken, as with any other status: it is tried again.' },
    },
  };
  return { [operationId]: { [`{$request.body#${url}}`]: { post } } };
}

function parametersOf(place: 'path' | 'query', schema: z.ZodObject | undefined) {
  const parameters: Readonly<Record<string, z.ZodType>> = schema?.shape ?? {};
  return Object.entries(parameters).map(([name, parameter]) => ({
    name,
    in: place,
    description: parameter.meta()?.description,
    required: place === 'path',
    schema: schemaOf(parameter, {}),
  }));
}

function responseOf(
  { description, schema, examples, texts = {}, headers = {} }: ApiAnswer,
  maxAge: number | undefined,
  schemas: Components,
) {
  return {
    description,
    headers: {
      'X-Request-Id': textHeader('the request id, which is in the log too'),
      ...mapValues(headers, textHeader),
      ...(maxAge && { ETag: textHeader('for If-None-Match') }),
    },
    content: schema && {
      'application/json': {
        schema: schemaOf(schema, schemas),
        examples: examples && mapValues(examples, (value) => ({ value })),
      },
      ...mapValues(texts, (example) => ({ schema: { type: 'string' }, example })),
    },
  };
}

/** Returns the responses that stand for problems, by status, with an example of each code. */
function problemResponses(codes: readonly ErrorCode[], schemas: Components) {
  const statuses = new Set(codes.map((code) => ERROR_TABLE[code].status));
  const responses = [...statuses].map((status): [number, object] => {
    const here = codes.filter((code) => ERROR_TABLE[code].status === status);
    const retry = status === 429 || status === 503;
    const response = {
      description: here.map((code) => `\`${code}\`: ${ERROR_TABLE[code].title}`).join('. '),
      headers: {
        'X-Request-Id': textHeader('the request id'),
        ...(retry && { 'Retry-After': textHeader('seconds after which another try makes sense') }),
      },
      content: {
        'application/problem+json': {
          schema: schemaOf(problem, schemas),
          examples: Object.fromEntries(here.map((code) => [code, { value: exampleOf(code) }])),
        },
      },
    };
    return [status, response];
  });
  return Object.fromEntries(responses);
}

function exampleOf(code: ErrorCode): Problem {
  const { status, title } = ERROR_TABLE[code];
  const instance = 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef';
  return { type: `/problems/${code}`, title, status, detail: `${title}.`, code, instance };
}

/** Returns the JSON Schema of what is sent. One with an `id` goes to the components, and is named there. */
function schemaOf(schema: z.ZodType, schemas: Components): object {
  const text = JSON.stringify(z.toJSONSchema(schema, { io: 'input' }));
  const moved = text.replaceAll('"#/$defs/', '"#/components/schemas/');
  const { $schema: _, $defs, ...json } = JSON.parse(moved);
  Object.assign(schemas, $defs);
  return json;
}

/** A header whose value is a text. */
function textHeader(description: string) {
  return { description, schema: { type: 'string' } };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
