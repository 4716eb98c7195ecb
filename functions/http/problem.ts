import type { APIGatewayProxyResult } from 'aws-lambda';
import { UndertoneError } from '../../core/errors.ts';
import { type AnswerHeaders, answer } from './respond.ts';
import type { Problem } from './schemas.ts';

/**
 * Returns the answer to a request that failed, as `application/problem+json`. Whatever is thrown
 * that is not an UndertoneError is answered as `internal`.
 */
export function problem(
  thrown: unknown,
  requestId: string,
  headers: AnswerHeaders = {},
): APIGatewayProxyResult {
  const { code, title, status, message } = UndertoneError.from(thrown);
  const body: Problem = {
    type: `/problems/${code}`,
    title,
    status,
    detail: message,
    code,
    instance: requestId,
  };
  return answer(status, JSON.stringify(body), {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
    ...headers,
  });
}
