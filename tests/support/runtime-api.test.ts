import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LambdaOptions, startLambda } from './runtime-api.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-lambda-'));
  const files = {
    'echo.mjs': `let calls = 0;
      export const handler = async (event, context) => {
        if (event.log) console.log(event.log);
        if (event.crash) process.exit(7);
        if (event.reject) { Promise.reject(new TypeError('nobody waits')); await new Promise(() => {}); }
        if (event.throw) throw new RangeError(event.throw);
        if (event.hang) await new Promise((resolve) => setTimeout(resolve, 60_000));
        if (event.big) return 'x'.repeat(7 * 2 ** 20);
        return {
          event, calls: ++calls, id: context.awsRequestId, arn: context.invokedFunctionArn,
          left: context.getRemainingTimeInMillis(), cwd: process.cwd(), trace: process.env._X_AMZN_TRACE_ID,
          env: Object.keys(process.env),
        };
      };`,
    'broken.mjs': `throw new RangeError('no start');`,
    'syntax.mjs': 'export const handler = ;',
    'missing.mjs': `import 'nowhere'; export const handler = async () => 1;`,
    'callback.mjs': 'export const handler = (event, context, callback) => callback(null, 1);',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true }));

const start = (options: Partial<LambdaOptions> = {}) =>
  startLambda({ folder, handler: 'echo.handler', ...options });

interface Echo {
  readonly event: unknown;
  readonly calls: number;
  readonly id: string;
  readonly arn: string;
  readonly left: number;
  readonly cwd: string;
  readonly trace: string;
  readonly env: string[];
}

test('an instance stays, and sees what a function sees', async () => {
  await using lambda = await start({ environment: { COLOUR: 'blue' } });
  const first = (await lambda.invoke<Echo>({ name: 'Zoë' })).payload as Echo;
  expect(first).toMatchObject({ event: { name: 'Zoë' }, calls: 1, cwd: folder });
  expect(first.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(first.arn).toMatch(/^arn:aws:lambda:/);
  expect(first.trace).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};/);
  expect(first.left).toBeLessThanOrEqual(29_000);
  expect(first.env).toContain('COLOUR');
  expect(first.env).not.toContain('HOME');
  const second = (await lambda.invoke<Echo>({})).payload as Echo;
  expect(second.calls).toBe(2);
  expect(second.id).not.toBe(first.id);
});

test('what a handler throws is an error with its name, and the instance stays', async () => {
  await using lambda = await start();
  expect(await lambda.invoke({ throw: 'too far' })).toMatchObject({
    isError: true,
    payload: {
      errorType: 'RangeError',
      errorMessage: 'too far',
      trace: expect.arrayContaining([expect.stringContaining('echo.mjs')]),
    },
  });
  expect((await lambda.invoke<Echo>({})).payload).toMatchObject({ calls: 1 });
});

test('a process that ends is told, and the next invocation gets a new one', async () => {
  await using lambda = await start();
  const { isError, payload } = await lambda.invoke({ crash: true, log: 'last words' });
  expect(isError).toBe(true);
  expect(payload).toMatchObject({
    errorType: 'Runtime.ExitError',
    errorMessage: expect.stringContaining('exit status 7'),
  });
  expect(lambda.log).toContain('last words');
  expect((await lambda.invoke<Echo>({})).payload).toMatchObject({ calls: 1 });
});

test('a rejection that nobody handles ends the process and is told by its name', async () => {
  await using lambda = await start();
  const { payload } = await lambda.invoke({ reject: true });
  expect(payload).toMatchObject({ errorType: 'TypeError', errorMessage: 'nobody waits' });
  expect((await lambda.invoke<Echo>({})).payload).toMatchObject({ calls: 1 });
});

test('time runs out', async () => {
  await using lambda = await start({ timeoutMs: 1500 });
  const { payload } = await lambda.invoke({ hang: true });
  expect(payload).toMatchObject({
    errorMessage: expect.stringMatching(/Task timed out after 1\.50 seconds$/),
  });
  expect((await lambda.invoke<Echo>({})).payload).toMatchObject({ calls: 1 });
});

test('an answer above 6 MB is refused', async () => {
  await using lambda = await start();
  const { payload } = await lambda.invoke({ big: true });
  expect(payload).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
});

test.each([
  ['broken.handler', 'RangeError', 'no start'],
  ['syntax.handler', 'Runtime.UserCodeSyntaxError', 'Unexpected token'],
  ['missing.handler', 'Runtime.ImportModuleError', 'nowhere'],
  ['callback.handler', 'Runtime.CallbackHandlerDeprecated', 'callback'],
  ['absent.handler', 'Runtime.ImportModuleError', "'absent'"],
  ['echo.other', 'Runtime.HandlerNotFound', 'echo.other is undefined'],
  ['echo', 'Runtime.MalformedHandlerName', 'Bad handler'],
])('%s fails at the start as %s', async (handler, errorType, message) => {
  await using lambda = await start({ handler });
  expect(await lambda.invoke({})).toMatchObject({
    isError: true,
    payload: { errorType, errorMessage: expect.stringContaining(message) },
  });
});
