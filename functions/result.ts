import { UndertoneError } from '../core/errors.ts';
import { withoutTimeline } from '../core/verdict.ts';
import { findResult } from './aws/results.ts';
import { httpHandler } from './http/handler.ts';
import { noResult, readResultId } from './http/path.ts';
import { readQuery } from './http/query.ts';
import { json } from './http/respond.ts';
import type { Waiting } from './http/schemas.ts';

/** Seconds after which asking again makes sense. */
const RETRY_AFTER = 2;

/**
 * `GET /v1/results/{id}`: 202 while the upload or its verdict is waited for, then the Verdict, or the
 * problem that the recording had.
 */
export const handler = httpHandler(async (event) => {
  const id = readResultId(event);
  const { timeline } = readQuery(event);
  const outcome = await findResult(id);
  if (outcome === null) throw noResult();
  if (outcome === 'waiting') {
    const waiting: Waiting = { id, status: 'waiting' };
    return json(waiting, { ...NO_STORE, 'retry-after': String(RETRY_AFTER) }, 202);
  }
  if ('error' in outcome) throw new UndertoneError(outcome.error.code, outcome.error.message);
  return json(timeline ? outcome.verdict : withoutTimeline(outcome.verdict), NO_STORE);
});

const NO_STORE = { 'cache-control': 'no-store' };
