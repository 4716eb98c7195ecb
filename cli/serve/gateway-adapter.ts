import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { UndertoneError } from '../../core/errors.ts';
import { MAX_BYTES, tooLarge } from '../../core/limits.ts';
import { maxBodyBytes } from '../../functions/http/body.ts';
import type { HttpHandler } from '../../functions/http/handler.ts';
import { problem } from '../../functions/http/problem.ts';
import type { Route } from '../../functions/routes.ts';
import { missingSettings, type Platform } from '../local/chat-platforms.ts';
import { Admission } from './admission.ts';
import { gatewayEvent } from './gateway-event.ts';
import { answerEarly, readRequestBody } from './request-body.ts';
import { type FoundRoute, findRoute, notFound } from './router.ts';

/** Loaded when they are first asked for: what talks to AWS takes a moment. */
const HANDLERS: Readonly<Record<Route['handler'], () => Promise<{ handler: HttpHandler }>>> = {
  emotion: () => import('../../functions/emotion.ts'),
  model: () => import('../../functions/model.ts'),
  uploads: () => import('../../functions/uploads.ts'),
  result: () => import('../../functions/result.ts'),
  'delete-result': () => import('../../functions/delete-result.ts'),
  openapi: () => import('../../functions/openapi.ts'),
  'discord-interactions': () => import('../../functions/discord-interactions.ts'),
  'slack-events': () => import('../../functions/slack-events.ts'),
};

/** The handlers that work with the cloud; the others work with what the request brings. */
const NEEDS_CLOUD: ReadonlySet<Route['handler']> = new Set([
  'uploads',
  'result',
  'delete-result',
  'discord-interactions',
  'slack-events',
]);

/** Recordings that are heard at a time; in the cloud each has an instance of the function to itself. */
const listening = new Admission({
  concurrency: availableParallelism(),
  maxWaiting: 1000,
  maxBytes: 20 * MAX_BYTES,
});

export interface ForwardOptions {
  /** Address of the client. */
  readonly sourceIp: string;
  /** Waits for what the functions use of AWS to start; null where it never does. */
  readonly cloud: (() => Promise<unknown> | undefined) | null;
}

/**
 * Answers an API request as API Gateway and Lambda would: finds its route, hands the handler the
 * event that API Gateway sends, and turns its result into a response.
 *
 * A body above the limit is refused here, before it is read to the end; in the cloud that is API
 * Gateway's part.
 */
export async function forward(request: Request, options: ForwardOptions): Promise<Response> {
  const { sourceIp, cloud } = options;
  const requestId = randomUUID();
  const found = findRoute(request, requestId);
  if ('statusCode' in found) return response(found);
  const { route } = found;
  if ('platform' in route) {
    const missing = missingSettings(route.platform);
    if (missing.length > 0) return failure(notSetUp(route.platform, missing), requestId);
  }
  if (NEEDS_CLOUD.has(route.handler)) {
    if (!cloud) return failure(noCloud(), requestId);
    await cloud();
  }
  const maxBytes = maxBodyBytes(request.headers.get('content-type') ?? undefined);
  const body = await readRequestBody(request, maxBytes);
  if (!body.bytes) {
    const result = problem(tooLarge(), requestId);
    return answerEarly(response(result), result.body, body);
  }
  const { bytes } = body;
  const answer = () => invoke({ request, bytes, requestId, found, sourceIp });
  if (route.handler !== 'emotion') return response(await answer());
  return response(await listening.run(bytes.length, answer).catch(busy));

  function busy(thrown: unknown): APIGatewayProxyResult {
    if (thrown instanceof UndertoneError) return problem(thrown, requestId, RETRY_LATER);
    throw thrown;
  }
}

/** Seconds. */
const RETRY_LATER = { 'retry-after': '5' };

interface Invocation {
  readonly request: Request;
  readonly bytes: Uint8Array;
  readonly requestId: string;
  readonly found: FoundRoute;
  readonly sourceIp: string;
}

async function invoke(invocation: Invocation): Promise<APIGatewayProxyResult> {
  const { request, bytes, requestId, found, sourceIp } = invocation;
  const { handler } = await HANDLERS[found.route.handler]();
  const { route, pathParameters } = found;
  const local = { request, body: bytes, requestId, resource: route.path, pathParameters, sourceIp };
  return handler(gatewayEvent(local));
}

/** Returns a failure that no handler has seen as a response. */
export function failure(thrown: unknown, requestId: string = randomUUID()): Response {
  return response(problem(thrown, requestId));
}

/** Returns the answer to an address at which there is nothing. */
export function nothingHere(): Response {
  return failure(notFound());
}

function noCloud(): UndertoneError {
  return new UndertoneError(
    'not-found',
    'This server was started without the local cloud, which uploads and chat bots need. Start it without --no-cloud, or send the recording to POST /v1/emotion.',
  );
}

function notSetUp(platform: Platform, missing: readonly string[]): UndertoneError {
  return new UndertoneError(
    'not-found',
    `This server is not set up for ${platform}. Set ${missing.join(' and ')} and start it again; docs/${platform}.md tells where they are from.`,
  );
}

/** Statuses whose answers have no body (RFC 9110). */
const EMPTY = new Set([204, 205, 304]);

function response({ statusCode, headers, body, isBase64Encoded }: APIGatewayProxyResult): Response {
  const bytes = isBase64Encoded ? Buffer.from(body, 'base64') : body;
  return new Response(EMPTY.has(statusCode) ? null : bytes, {
    status: statusCode,
    headers: Object.entries(headers ?? {}).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]),
  });
}
