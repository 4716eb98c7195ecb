import { expect, test } from 'vitest';
import { CHAT_ROUTES, ROUTES } from '../../functions/routes.ts';

test.each([
  ...ROUTES,
  ...CHAT_ROUTES,
])('$method $path has what answers a Request, and a handler of the style that Lambda takes', async (route) => {
  const { answer, handler } = await import(`../../functions/${route.handler}.ts`);
  expect(answer).toBeInstanceOf(Function);
  expect(handler).toBeInstanceOf(Function);
  // A second or third parameter would be the context and the callback, which Node 24 refuses.
  expect(handler).toHaveLength(1);
});

test('no two routes are the same', () => {
  const names = [...ROUTES, ...CHAT_ROUTES].map(({ method, path }) => `${method} ${path}`);
  expect(new Set(names).size).toBe(names.length);
});
