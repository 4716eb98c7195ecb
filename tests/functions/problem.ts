import { expect } from 'vitest';

/** What an answer looks like from outside, whether it came over HTTP or from a handler. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Expects a complete problem document (RFC 9457) and returns its sentence. */
export function expectProblem(answer: Answer, status: number, code: string): string {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.headers['cache-control']).toBe('no-store');
  const problem = JSON.parse(answer.body);
  expect(problem).toEqual({
    type: `/problems/${code}`,
    title: expect.stringMatching(/^[A-Z].+/),
    status,
    detail: expect.stringMatching(/^[A-Z/].+\.$/),
    code,
    instance: answer.headers['x-request-id'],
  });
  expect(problem.instance).toMatch(/^[0-9a-f-]{36}$/);
  return problem.detail;
}
