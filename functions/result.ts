import { UndertoneError, withoutTimeline } from '../core/index.ts';
import { NO_RESULT } from './aws/result-id.ts';
import { findResult } from './aws/results.ts';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { result } from './routes.ts';

/** Seconds after which it makes sense to ask again. */
const RETRY_AFTER = 2;

/**
 * `GET /v1/results/{id}`: 202 while the upload or its verdict is pending, then the Verdict, or the
 * problem that the recording had.
 */
export const answer = handle(result, async ({ params: { id }, query, respond }) => {
  const found = await findResult(id);
  if (!found) throw new UndertoneError('not-found', NO_RESULT);
  const { outcome } = found;
  if (!outcome) {
    return respond(202, { id, status: 'waiting' }, { 'retry-after': String(RETRY_AFTER) });
  }
  if ('error' in outcome) throw new UndertoneError(outcome.error.code, outcome.error.message);
  return respond(200, query.timeline ? outcome.verdict : withoutTimeline(outcome.verdict));
});

export const handler = lambda(answer);
