import type { APIGatewayProxyResult } from 'aws-lambda';
import { UndertoneError } from '../../core/errors.ts';
import { type AnswerHeaders, answer } from './respond.ts';

/** Problem details (RFC 9457) as this API sends them. */
export interface Problem {
  /** Stable for the code; relative to the address of the API. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** The sentence for a person. */
  readonly detail: string;
  /** The stable code for programs. */
  readonly code: string;
  /** The request id, which is in the log too. */
  readonly instance: string;
}

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
