import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { EMOTIONS } from '../../core/index.ts';
import { newResultId } from '../../functions/aws/result-id.ts';
import { finishResult } from '../../functions/aws/results.ts';
import { handler as batchResults } from '../../functions/batch-results.ts';
import { handler as batches } from '../../functions/batches.ts';
import { handler as deleteResult } from '../../functions/delete-result.ts';
import {
  type BatchResults,
  batchResultsSchema,
  batchSchema,
  uploadSchema,
  VERDICT,
} from '../../functions/http/schemas.ts';
import { handler as result } from '../../functions/result.ts';
import { handler as uploads } from '../../functions/uploads.ts';
import { batchesEvent, batchResultsEvent, resultEvent, uploadsEvent } from './event.ts';
import { useLocalAws } from './local-aws.ts';
import { type Answer, expectProblem } from './problem.ts';

useLocalAws();
beforeEach(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});

const ERROR = { code: 'format-unsupported', message: 'This is text, not a recording.' } as const;

async function newBatch(): Promise<string> {
  const { statusCode, headers, body } = await batches(batchesEvent());
  expect(statusCode).toBe(201);
  const { id, expires, results } = batchSchema.parse(JSON.parse(body));
  const hours = (Date.parse(expires) - Date.now()) / 3_600_000;
  expect(Math.round(hours)).toBe(24);
  for (const base of ['https://x.amazonaws.com/prod', 'https://x.cloudfront.net']) {
    const location = new URL(String(headers?.location), `${base}/v1/batches`);
    expect(location.href).toBe(base + results);
  }
  return id;
}

async function add(batch: string, reference?: string): Promise<string> {
  const body = JSON.stringify({ batch, ...(reference !== undefined && { reference }) });
  const { statusCode, body: answer } = await uploads(uploadsEvent({ body }));
  expect(statusCode, answer).toBe(201);
  return uploadSchema.parse(JSON.parse(answer)).id;
}

type Query = Readonly<Record<string, string>>;

async function read(id: string, query: Query = {}, accept?: string): Promise<Answer> {
  const headers: Record<string, string> = accept === undefined ? {} : { accept };
  const {
    statusCode,
    headers: sent,
    body,
  } = await batchResults(batchResultsEvent(id, { query, headers }));
  return { status: statusCode, headers: sent as Record<string, string>, body };
}

async function page(id: string, query: Query = {}): Promise<BatchResults> {
  const { status, headers, body } = await read(id, query);
  expect(status, body).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'cache-control': 'no-store',
    vary: 'accept',
  });
  const results = batchResultsSchema.parse(JSON.parse(body));
  // The header leads where the field does.
  const [, target] = /^<(.*)>; rel="next"$/.exec(headers.link ?? '') ?? [];
  const base = `https://x.amazonaws.com/prod/v1/batches/${id}/results`;
  const next = target === undefined ? null : new URL(target, `${base}?cursor=before`);
  expect(next?.searchParams.get('cursor') ?? null).toBe(results.next);
  if (next) {
    expect(next.origin + next.pathname).toBe(base);
    for (const [name, value] of Object.entries(query)) {
      if (name !== 'cursor') expect(next.searchParams.get(name)).toBe(value);
    }
  }
  return results;
}

/** The ids on all pages, with how many each had. */
async function readAll(id: string, query: Query = {}) {
  const ids: string[] = [];
  const sizes: number[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { results, next }: BatchResults = await page(id, { ...query, ...(cursor && { cursor }) });
    ids.push(...results.map((each) => each.id));
    sizes.push(results.length);
    cursor = next;
  }
  return { ids, sizes };
}

async function expire(table: string, key: Readonly<Record<string, string>>): Promise<void> {
  await new DynamoDBClient().send(
    new UpdateItemCommand({
      TableName: table,
      Key: Object.fromEntries(Object.entries(key).map(([name, S]) => [name, { S }])),
      UpdateExpression: 'SET expires = :past',
      ExpressionAttributeValues: { ':past': { N: String(Math.floor(Date.now() / 1000) - 1) } },
    }),
  );
}

describe('a batch', () => {
  test('is empty at first', async () => {
    expect(await page(await newBatch())).toEqual({ results: [], next: null });
  });

  test('lists what became of its uploads, in the order in which they were asked for', async () => {
    const batch = await newBatch();
    const [done, failed, waiting] = [
      await add(batch, 'calls/1.ogg'),
      await add(batch, 'calls/2.txt'),
      await add(batch),
    ];
    // An upload outside the batch is in no list.
    await uploads(uploadsEvent());
    await finishResult(done, { verdict: VERDICT });
    await finishResult(failed, { error: ERROR });
    const { timeline: _, ...brief } = VERDICT;
    const [first, ...others] = (await page(batch)).results;
    expect(first).toEqual({ id: done, state: 'done', reference: 'calls/1.ogg', verdict: brief });
    expect(others).toEqual([
      { id: failed, state: 'failed', reference: 'calls/2.txt', error: ERROR },
      { id: waiting, state: 'waiting' },
    ]);
    for (const [state, id] of Object.entries({ done, failed, waiting })) {
      expect((await page(batch, { state })).results.map((each) => each.id)).toEqual([id]);
    }
  });

  test('is read page by page, each result once, also while others join and are deleted', async () => {
    const batch = await newBatch();
    const ids: string[] = [];
    for (let i = 0; i < 25; i++) ids.push(await add(batch));
    expect(await readAll(batch, { limit: '10' })).toEqual({ ids, sizes: [10, 10, 5] });
    expect(await readAll(batch, { limit: '5' })).toEqual({ ids, sizes: [5, 5, 5, 5, 5] });
    expect(await readAll(batch)).toEqual({ ids, sizes: [25] });
    const { results, next } = await page(batch, { limit: '10' });
    expect(results.map(({ id }) => id)).toEqual(ids.slice(0, 10));
    await Promise.all([
      deleteResult(resultEvent('DELETE', ids[3])),
      // The one that the cursor was made of, too.
      deleteResult(resultEvent('DELETE', ids[9])),
      deleteResult(resultEvent('DELETE', ids[12])),
    ]);
    const late = await add(batch);
    const rest = (await page(batch, { cursor: String(next) })).results.map(({ id }) => id);
    expect(rest).toEqual([...ids.slice(10).filter((id) => id !== ids[12]), late]);
    const left = ids.filter((id) => ![ids[3], ids[9], ids[12]].includes(id));
    expect((await readAll(batch, { limit: '7' })).ids).toEqual([...left, late]);
  });

  test('of more than a page is filtered across its pages', async () => {
    const batch = await newBatch();
    const ids: string[] = [];
    for (let i = 0; i < 130; i++) ids.push(await add(batch));
    await finishResult(ids[2], { error: ERROR });
    await finishResult(ids[127], { error: ERROR });
    expect(await readAll(batch, { state: 'failed' })).toEqual({
      ids: [ids[2], ids[127]],
      sizes: [2],
    });
    expect((await readAll(batch)).sizes).toEqual([100, 30]);
    const first = await page(batch, { state: 'failed', limit: '1' });
    expect(first.results.map(({ id }) => id)).toEqual([ids[2]]);
    const second = await page(batch, { state: 'failed', limit: '1', cursor: String(first.next) });
    expect(second.results.map(({ id }) => id)).toEqual([ids[127]]);
  });

  test('loses what was deleted or has expired, at once', async () => {
    const batch = await newBatch();
    const [deleted, expired, kept] = [await add(batch), await add(batch), await add(batch)];
    await deleteResult(resultEvent('DELETE', deleted));
    await expire('undertone-results', { id: expired });
    expect((await page(batch)).results.map(({ id }) => id)).toEqual([kept]);
  });

  test('that has expired is not found and takes no uploads; one that joins in time keeps it', async () => {
    const batch = await newBatch();
    const head = { batch, member: '!' };
    await add(batch);
    await expire('undertone-batches', head);
    expectProblem(await read(batch), 404, 'not-found');
    const { statusCode } = await uploads(uploadsEvent({ body: JSON.stringify({ batch }) }));
    expect(statusCode).toBe(404);
    expectProblem(await read(batch), 404, 'not-found');
  });

  test.each([
    ['guessed', newResultId()],
    ['a number', '1'],
    ['a path', '../v1/model'],
    ['long', 'a'.repeat(10_000)],
    ['with a line end', `${'a'.repeat(24)}\n`],
    ['the name of a row', '!'],
    ['a property', '__proto__'],
  ])('that is none (%s) has no results and takes no uploads', async (_, batch) => {
    expectProblem(await read(batch), 404, 'not-found');
    const { statusCode, body } = await uploads(uploadsEvent({ body: JSON.stringify({ batch }) }));
    expect(statusCode).toBe(404);
    expect(JSON.parse(body).detail).toContain('POST /v1/batches');
  });

  test('is no result, and a result is no batch', async () => {
    const batch = await newBatch();
    const id = await add(batch);
    expect((await result(resultEvent('GET', batch))).statusCode).toBe(404);
    await deleteResult(resultEvent('DELETE', batch));
    expect((await page(batch)).results).toHaveLength(1);
    expectProblem(await read(id), 404, 'not-found');
  });

  test.each([
    ['state', 'finished', 'waiting, done or failed'],
    ['limit', '0', 'from 1 to 100'],
    ['limit', '101', 'from 1 to 100'],
    ['limit', '-1', 'from 1 to 100'],
    ['limit', '1e1', 'from 1 to 100'],
    ['format', 'xml', 'json or csv'],
    ['cursor', '', 'Send the "next" of the previous page'],
    ['cursor', 'x', 'Send the "next" of the previous page'],
    ['cursor', Buffer.from('!').toString('base64url'), 'Send the "next"'],
    ['cursor', 'a'.repeat(500), 'Send the "next"'],
  ])('with %s=%s says what is accepted', async (name, value, sentence) => {
    const answer = await read(await newBatch(), { [name]: value });
    expect(expectProblem(answer, 400, 'parameter-invalid')).toContain(sentence);
  });
});

describe('as CSV', () => {
  const COLUMNS = ['id', 'reference', 'state', 'emotion', 'confidence', ...EMOTIONS];
  const HEAD = [...COLUMNS, 'duration', 'error', 'message'].join();

  test('it has a line for each result, whichever way it is asked for', async () => {
    const batch = await newBatch();
    const [done, failed, waiting] = [
      await add(batch, 'calls/1.ogg'),
      await add(batch, 'a, "b"'),
      await add(batch),
    ];
    await finishResult(done, { verdict: VERDICT });
    await finishResult(failed, { error: ERROR });
    const { status, headers, body } = await read(batch, { format: 'csv' });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/csv');
    const probabilities = Object.values(VERDICT.probabilities ?? {}).join();
    expect(body.split('\r\n')).toEqual([
      HEAD,
      `${done},calls/1.ogg,done,happy,0.71,${probabilities},3.12,,`,
      `${failed},"a, ""b""",failed,,,,,,,,,,,,format-unsupported,"${ERROR.message}"`,
      `${waiting},,waiting,,,,,,,,,,,,,`,
      '',
    ]);
    for (const accept of ['text/csv', 'text/CSV; charset=utf-8', 'text/csv, */*;q=0.1']) {
      expect((await read(batch, {}, accept)).body).toBe(body);
    }
    for (const accept of [
      '*/*',
      'application/json',
      'application/json, text/csv;q=0.5',
      'text/x',
    ]) {
      expect((await read(batch, {}, accept)).headers['content-type']).toBe('application/json');
    }
    const json = await read(batch, { format: 'json' }, 'text/csv');
    expect(json.headers['content-type']).toBe('application/json');
  });

  test('it has pages, each with its head', async () => {
    const batch = await newBatch();
    const ids = [await add(batch), await add(batch), await add(batch)];
    const first = await read(batch, { format: 'csv', limit: '2' });
    const [, query] = /^<\?(.*)>; rel="next"$/.exec(first.headers.link) ?? [];
    const second = await read(batch, Object.fromEntries(new URLSearchParams(query)));
    const lines = [first, second].map(({ body }) => body.trimEnd().split('\r\n'));
    expect(lines.map(([head]) => head)).toEqual([HEAD, HEAD]);
    expect(lines.flatMap(([, ...rest]) => rest.map((line) => line.split(',')[0]))).toEqual(ids);
    expect(second.headers.link).toBeUndefined();
  });

  test('no cell is a formula', async () => {
    const batch = await newBatch();
    const formulas = ['=1+1', '+1', '-1', '@SUM(A1)', '＝1+1', '=HYPERLINK("https://a.b","c")'];
    for (const formula of formulas) await add(batch, formula);
    const { body } = await read(batch, { format: 'csv' });
    const cells = body
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(',')[1]);
    for (const [i, formula] of formulas.entries()) {
      expect(cells[i].replace(/^"/, '')).toMatch(/^'/);
      expect(body).toContain(`'${formula.replaceAll('"', '""')}`);
    }
    // Nor is what follows a semicolon, which separates cells where the decimal sign is a comma.
    const split = await newBatch();
    await add(split, 'call;=1+1;-1;ok');
    expect((await read(split, { format: 'csv' })).body).toContain(",call;'=1+1;'-1;ok,");
    // Ids are cells as well, and no new one begins like that.
    for (let i = 0; i < 2000; i++) expect(newResultId()).toMatch(/^[A-Za-z0-9_][\w-]{23}$/);
  });
});

describe('when DynamoDB does not answer', () => {
  test.each([
    ['createBatch', '../../functions/batches.ts', batchesEvent()],
    ['listBatchResults', '../../functions/batch-results.ts', batchResultsEvent(newResultId())],
    ['createUpload', '../../functions/uploads.ts', uploadsEvent({ body: '{"reference":"a"}' })],
  ])('%s says unavailable and when to try again', async (_, module, event) => {
    const endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB;
    vi.resetModules();
    process.env.AWS_ENDPOINT_URL_DYNAMODB = 'http://127.0.0.1:9';
    try {
      const { handler } = await import(module);
      const { statusCode, headers, body } = await handler(event);
      expectProblem({ status: statusCode, headers, body }, 503, 'unavailable');
    } finally {
      process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
    }
  });
});
