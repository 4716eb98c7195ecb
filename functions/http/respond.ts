import type { APIGatewayProxyResult } from 'aws-lambda';
import { CORS } from './cors.ts';

export type AnswerHeaders = Readonly<Record<string, string>>;

/** Returns a value as JSON, with status 200 unless told otherwise. */
export function json(
  value: unknown,
  headers: AnswerHeaders = {},
  status = 200,
): APIGatewayProxyResult {
  return answer(status, JSON.stringify(value), { 'content-type': 'application/json', ...headers });
}

/** Returns 304: what the client has is still right. */
export function notModified(headers: AnswerHeaders): APIGatewayProxyResult {
  return answer(304, '', headers);
}

/** Returns 204: done, and nothing to say. */
export function noContent(headers: AnswerHeaders): APIGatewayProxyResult {
  return answer(204, '', headers);
}

export function answer(
  statusCode: number,
  body: string,
  headers: AnswerHeaders,
): APIGatewayProxyResult {
  return {
    statusCode,
    body,
    headers: {
      'access-control-allow-origin': CORS.origin,
      'access-control-expose-headers': CORS.exposeHeaders.join(', '),
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  };
}
