import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { UndertoneError } from '../../core/errors.ts';
import { logEvent } from '../../lib/log.ts';
import { problem } from './problem.ts';
import type { AnswerHeaders } from './respond.ts';

/** A Lambda handler behind an API Gateway REST API, which never rejects. */
export type HttpHandler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

/**
 * Returns the Lambda handler for a function that answers one request: what it throws becomes a
 * problem, what is our own fault is logged, and every answer carries the request id.
 *
 * @example
 * export const handler = httpHandler(async () => json({ hello: 'world' }));
 */
export function httpHandler(respond: HttpHandler): HttpHandler {
  return async (event) => {
    const { requestId } = event.requestContext;
    try {
      const result = await respond(event);
      return { ...result, headers: { ...result.headers, 'x-request-id': requestId } };
    } catch (thrown) {
      const error = UndertoneError.from(thrown);
      if (error.status >= 500) logEvent('a request failed', error, { requestId });
      return problem(error, requestId, retryAfter(error));
    }
  };
}

/** Seconds after which another try makes sense, where it does. */
function retryAfter({ status }: UndertoneError): AnswerHeaders {
  return status === 429 || status === 503 ? { 'retry-after': '5' } : {};
}
