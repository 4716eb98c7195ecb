import { EMOTIONS, UndertoneError } from '../core/index.ts';
import { csvLine } from '../lib/csv.ts';
import { hasBatch, isCursor, PART, readBatch } from './aws/batches.ts';
import { NO_BATCH } from './aws/result-id.ts';
import { resultItem } from './aws/results.ts';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import type { BatchResults, ResultItem } from './http/schemas.ts';
import { batchResults, NO_CURSOR } from './routes.ts';

/** Parts of a batch that are read for a page at most, where few of its results are in the state asked for. */
const PARTS = 10;

/**
 * `GET /v1/batches/{id}/results`: a page of the results of a batch, in the order in which they were asked
 * for, as JSON or CSV.
 */
export const answer = handle(batchResults, async ({ request, params, query, respond, send }) => {
  if (query.cursor !== undefined && !isCursor(query.cursor)) {
    throw new UndertoneError('parameter-invalid', NO_CURSOR);
  }
  if (!(await hasBatch(params.id))) throw new UndertoneError('not-found', NO_BATCH);
  const page = await readPage(params.id, query);
  const headers = { vary: 'accept', ...(page.next && { link: linkTo(page.next, request) }) };
  const isCsv = query.format ? query.format === 'csv' : prefersCsv(request.headers.get('accept'));
  if (!isCsv) return respond(200, page, headers);
  return send(200, csvOf(page.results), { ...headers, 'content-type': 'text/csv' });
});

export const handler = lambda(answer);

interface PageQuery {
  readonly state?: ResultItem['state'] | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

async function readPage(batch: string, { state, cursor, limit }: PageQuery): Promise<BatchResults> {
  const results: ResultItem[] = [];
  let next = cursor ?? null;
  for (let parts = 0; parts < PARTS; parts++) {
    const wanted = state ? PART : limit - results.length;
    const part = await readBatch(batch, { after: next, limit: wanted });
    for (const [i, { result, cursor: here }] of part.results.entries()) {
      const item = resultItem(result);
      if (state && item.state !== state) continue;
      results.push(item);
      if (results.length < limit) continue;
      const isEnd = part.next === null && i === part.results.length - 1;
      return { results, next: isEnd ? null : here };
    }
    next = part.next;
    if (next === null) break;
  }
  return { results, next };
}

/** The page that follows, relative to the address of this one (RFC 8288). */
function linkTo(cursor: string, { url }: Request): string {
  const { searchParams } = new URL(url);
  searchParams.set('cursor', cursor);
  return `<?${searchParams}>; rel="next"`;
}

/** Where a client names both formats, it gets JSON. */
function prefersCsv(accept: string | null): boolean {
  return /\btext\/csv\b/i.test(accept ?? '') && !/\bapplication\/json\b/i.test(accept ?? '');
}

const COLUMNS = [
  'id',
  'reference',
  'state',
  'emotion',
  'confidence',
  ...EMOTIONS,
  'duration',
  'error',
  'message',
] as const;

function csvOf(results: readonly ResultItem[]): string {
  const lines = results.map(({ id, reference, state, verdict, error }) => {
    const { emotion, confidence, duration, probabilities } = verdict ?? {};
    const about = { id, reference, state, error: error?.code, message: error?.message };
    const cells: Readonly<Record<string, unknown>> = {
      ...about,
      ...{ emotion, confidence, duration },
      ...probabilities,
    };
    return csvLine(COLUMNS.map((column) => cells[column]));
  });
  return [csvLine(COLUMNS), ...lines].join('');
}
