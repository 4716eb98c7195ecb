import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { tooLarge } from '../../core/audio/decode.ts';
import { UndertoneError } from '../../core/errors.ts';
import { handler as emotion } from '../../functions/emotion.ts';
import { maxBodyBytes } from '../../functions/http/body.ts';
import type { HttpHandler } from '../../functions/http/handler.ts';
import { problem } from '../../functions/http/problem.ts';
import { handler as model } from '../../functions/model.ts';
import { ROUTES, type Route } from '../../functions/routes.ts';
import { gatewayEvent } from './gateway-event.ts';
import { answerEarly, readRequestBody } from './request-body.ts';

const HANDLERS: Readonly<Record<Route['handler'], HttpHandler>> = { emotion, model };

/**
 * Answers an API request as API Gateway and Lambda would: finds its route, hands the handler the
 * event that API Gateway sends, and turns its result into a response.
 *
 * A body above the limit is refused here, before it is read to the end; in the cloud that is API
 * Gateway's part.
 *
 * @param sourceIp address of the client
 */
export async function forward(request: Request, sourceIp: string): Promise<Response> {
  const requestId = randomUUID();
  const route = findRoute(request, requestId);
  if ('statusCode' in route) return response(route);
  const maxBytes = maxBodyBytes(request.headers.get('content-type') ?? undefined);
  const body = await readRequestBody(request, maxBytes);
  if (!body.bytes) {
    const result = problem(tooLarge(), requestId);
    return answerEarly(response(result), result.body, body);
  }
  const local = { request, body: body.bytes, requestId, resource: route.path, sourceIp };
  return response(await HANDLERS[route.handler](gatewayEvent(local)));
}

/** Returns a failure that no handler has seen as a response. */
export function failure(thrown: unknown, requestId: string = randomUUID()): Response {
  return response(problem(thrown, requestId));
}

/** The sentence for an address at which there is nothing. */
export function notFound(): UndertoneError {
  const routes = ROUTES.map(({ method, path }) => `${method} ${path}`).join(' and ');
  return new UndertoneError(
    'not-found',
    `There is nothing at this address. The API has ${routes}; the page is at /.`,
  );
}

/** Returns the route of a request, or the problem that answers it when there is none. */
function findRoute(request: Request, requestId: string): Route | APIGatewayProxyResult {
  const { pathname } = new URL(request.url);
  const here = ROUTES.filter(({ path }) => path === pathname);
  if (here.length === 0) return problem(notFound(), requestId);
  const allow = here.map(({ method }) => method).join(', ');
  return (
    here.find(({ method }) => method === request.method) ??
    problem(
      new UndertoneError('method-not-allowed', `${pathname} takes ${allow} only.`),
      requestId,
      {
        allow,
      },
    )
  );
}

function response({ statusCode, headers, body, isBase64Encoded }: APIGatewayProxyResult): Response {
  const bytes = isBase64Encoded ? Buffer.from(body, 'base64') : body;
  return new Response(statusCode === 304 ? null : bytes, {
    status: statusCode,
    headers: Object.entries(headers ?? {}).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]),
  });
}
