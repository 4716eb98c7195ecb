import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { cardSchema } from '../../core/index.ts';
import { handler } from '../../functions/model.ts';
import { writeTinyModel } from '../fixtures/model.ts';
import { modelEvent } from './event.ts';
import { type Answer, expectProblem } from './problem.ts';

let folder: string;

afterAll(() => rm(folder, { recursive: true }));

beforeAll(async () => {
  folder = await writeTinyModel();
});

async function call(headers: Record<string, string> = {}): Promise<Answer> {
  const result = await handler(modelEvent({ headers }));
  const { statusCode, body } = result;
  return { status: statusCode, headers: result.headers as Record<string, string>, body };
}

test('a model that is not there is model-invalid, until it is there', async () => {
  const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  process.env.UNDERTONE_MODEL = join(folder, 'missing');
  expectProblem(await call(), 500, 'model-invalid');
  const line = JSON.parse(String(log.mock.calls[0][0]));
  expect(line).toMatchObject({ code: 'model-invalid', cause: { code: 'ENOENT' } });
  log.mockRestore();
  process.env.UNDERTONE_MODEL = folder;
  expect((await call()).status).toBe(200);
});

test('answers the card of the model', async () => {
  const { body, headers } = await call();
  const stored = JSON.parse(await readFile(join(folder, 'emotion.json'), 'utf8'));
  expect(cardSchema.parse(JSON.parse(body))).toEqual(stored);
  expect(headers['content-type']).toBe('application/json');
  expect(headers['cache-control']).toMatch(/^public, max-age=\d+$/);
  expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

test('answers 304 to those who have the card', async () => {
  const { etag } = (await call()).headers;
  expect(etag).toMatch(/^"[\w-]+"$/);
  for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const { status, headers, body } = await call({ 'If-None-Match': tags });
    expect({ status, body }).toEqual({ status: 304, body: '' });
    expect(headers.etag).toBe(etag);
  }
  expect((await call({ 'If-None-Match': '"other"' })).status).toBe(200);
});
