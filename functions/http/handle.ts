import { createHash, randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { logEvent } from '../../lib/log.ts';
import { type ApiRoute, CORS, type Route } from '../routes.ts';
import type { Problem } from './schemas.ts';

/**
 * Answers the requests to one route, and never rejects.
 *
 * @param requestId stands in the answer and in the log; a new one by default
 */
export type Answer = (request: Request, requestId?: string) => Promise<Response>;

type Headers = Readonly<Record<string, string>>;

/** A request whose parameters have passed the schemas of its route. */
export interface Call<R extends Route> {
  readonly request: Request;
  readonly params: Parsed<R, 'params'>;
  readonly query: Parsed<R, 'query'>;
  /** Makes a declared answer: the type of `value` is that of the schema for this status. */
  readonly respond: <Status extends StatusOf<R>>(
    status: Status,
    value: ValueOf<R, Status>,
    headers?: Headers,
  ) => Response;
  /** Makes an answer that is no JSON: `headers` say what it is. */
  readonly send: (status: StatusOf<R>, body: string, headers: ContentHeaders) => Response;
}

type ContentHeaders = Headers & { readonly 'content-type': string };

type Parsed<R, Part extends 'params' | 'query'> =
  R extends Readonly<Record<Part, infer Schema extends z.ZodType>> ? z.output<Schema> : undefined;

type AnswersOf<R> = R extends { readonly answers: infer Answers } ? Answers : Record<200, unknown>;

type StatusOf<R> = keyof AnswersOf<R> & number;

type ValueOf<R, Status extends StatusOf<R>> = R extends ApiRoute
  ? AnswersOf<R>[Status] extends { readonly schema: infer Schema extends z.ZodType }
    ? z.input<Schema>
    : null
  : unknown;

/**
 * Returns what answers a declared route: a function of the web's own types, which the local server
 * calls as it is and `lambda` makes a Lambda handler. It checks the parameters, turns whatever is
 * thrown into a problem, and sets the headers that every answer has.
 *
 * @example
 * export const answer = handle(emotion, async ({ request, query, respond }) =>
 *   respond(200, await classify(new Uint8Array(await request.arrayBuffer()))),
 * );
 */
export function handle<const R extends Route>(
  route: R,
  work: (call: Call<R>) => Promise<Response>,
): Answer {
  return async (request, requestId = randomUUID()) => {
    try {
      const call = { request, ...parametersOf(route, request), respond, send } as Call<R>;
      const response = await cached(route, request, await work(call));
      response.headers.set('x-request-id', requestId);
      return response;
    } catch (thrown) {
      return problem(thrown, { requestId });
    }
  };
}

/**
 * Returns the answer to a request that failed, as `application/problem+json`. What is not an
 * UndertoneError is answered as `internal`. Writes a line to the log when the fault is ours.
 */
export function problem(
  thrown: unknown,
  options: { readonly requestId?: string; readonly headers?: Headers } = {},
): Response {
  const { requestId = randomUUID(), headers = {} } = options;
  const error = UndertoneError.from(thrown);
  const { code, title, status, message: detail } = error;
  if (status >= 500) logEvent('a request failed', error, { requestId });
  const body: Problem = {
    type: `/problems/${code}`,
    title,
    status,
    detail,
    code,
    instance: requestId,
  };
  return respond(status, body, {
    'content-type': 'application/problem+json',
    'x-request-id': requestId,
    // Seconds after which another try makes sense.
    ...((status === 429 || status === 503) && { 'retry-after': '5' }),
    ...headers,
  });
}

/** Returns a value as JSON; null is no body at all. */
function respond(status: number, value: unknown, headers: Headers = {}): Response {
  if (value === null) return send(status, null, headers);
  return send(status, JSON.stringify(value), { 'content-type': 'application/json', ...headers });
}

function send(status: number, body: string | null, headers: Headers): Response {
  return new Response(body, {
    status,
    headers: {
      'access-control-allow-origin': CORS.origin,
      'access-control-expose-headers': CORS.exposeHeaders.join(', '),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      ...headers,
    },
  });
}

/** Bytes of the largest JSON that a request may carry. */
const MAX_JSON_BYTES = 16 * 1024;

/**
 * Returns the body of a request that carries JSON, whatever its content type, as clients seldom set it
 * right. No body stands for `{}`.
 *
 * @throws UndertoneError `parameter-invalid` with the sentence of the schema
 */
export async function readJson<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > MAX_JSON_BYTES) {
    throw new UndertoneError(
      'parameter-invalid',
      `The body has ${bytes.length} bytes, but the JSON here at most ${MAX_JSON_BYTES}. A recording goes into the form that this answers.`,
    );
  }
  return parsed(schema, bytes.length > 0 ? jsonOf(bytes) : {}, 'parameter-invalid');
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new UndertoneError(
      'parameter-invalid',
      'The body is not JSON. Send a JSON object, or no body at all.',
      { cause },
    );
  }
}

/** The parameters of a request by the schemas of its route. Unknown ones are ignored. */
function parametersOf(route: Route, { url }: Request) {
  if (!('answers' in route)) return {};
  const { pathname, searchParams } = new URL(url);
  const { params, query } = route;
  return {
    // Of a parameter that is repeated, the last one counts.
    query: query && parsed(query, Object.fromEntries(searchParams), 'parameter-invalid'),
    params: params && parsed(params, segmentsOf(route.path, pathname), 'not-found'),
  };
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  values: unknown,
  code: 'parameter-invalid' | 'not-found',
): z.output<Schema> {
  const { success, data, error } = schema.safeParse(values);
  if (success) return data;
  throw new UndertoneError(code, error.issues[0].message, { cause: error });
}

/**
 * Returns what stands in a path where the template has names in braces. What precedes it is not
 * looked at: API Gateway and its custom domains put a stage or a base path there.
 */
function segmentsOf(template: string, pathname: string): Record<string, string> {
  const pattern = template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)').replaceAll('.', '\\.');
  const { groups = {} } = new RegExp(`${pattern}$`).exec(pathname) ?? {};
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => [name, decodeSegment(value)]),
  );
}

function decodeSegment(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not UTF-8 once decoded: it stays as it is, and no schema accepts that.
    return value;
  }
}

/**
 * Lets clients keep an answer for as long as its route says, and ask again with its ETag after that:
 * 304 tells them that what they have is still right.
 */
async function cached(route: Route, request: Request, response: Response): Promise<Response> {
  if (!('maxAge' in route) || !route.maxAge) return response;
  const body = await response.text();
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  const isKnown = names(request.headers.get('if-none-match'), etag);
  const headers = new Headers(response.headers);
  headers.set('etag', etag);
  headers.set('cache-control', `public, max-age=${route.maxAge}`);
  if (!isKnown) return new Response(body, { status: response.status, headers });
  headers.delete('content-type');
  return new Response(null, { status: 304, headers });
}

/** Weak comparison of `If-None-Match` (RFC 9110, 13.1.2): proxies that compress weaken the tag. */
function names(ifNoneMatch: string | null, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
