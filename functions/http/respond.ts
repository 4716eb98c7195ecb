import type { APIGatewayProxyResult } from 'aws-lambda';

export type AnswerHeaders = Readonly<Record<string, string>>;

/** Returns a value as JSON with status 200. */
export function json(value: unknown, headers: AnswerHeaders = {}): APIGatewayProxyResult {
  return answer(200, JSON.stringify(value), { 'content-type': 'application/json', ...headers });
}

/** Returns 304: what the client has is still right. */
export function notModified(headers: AnswerHeaders): APIGatewayProxyResult {
  return answer(304, '', headers);
}

export function answer(
  statusCode: number,
  body: string,
  headers: AnswerHeaders,
): APIGatewayProxyResult {
  return { statusCode, body, headers: { 'x-content-type-options': 'nosniff', ...headers } };
}
