/**
 * Does what the Node runtime of AWS Lambda does: loads the handler that _HANDLER names, asks the
 * Runtime API for one invocation after the other, and reports answers, errors and failed starts.
 * Runs in a process of its own, with the environment of a function and nothing else.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { existsSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

type Handle = (event: unknown, context: object) => unknown;

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const API = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
/** The next invocation may be hours away: no time limit, one connection. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** What is worked on, so that an error that nobody caught can be reported for it. */
let current: string | undefined;

class RuntimeError extends Error {
  constructor(type: string, message: string) {
    super(message);
    this.name = `Runtime.${type}`;
  }
}

for (const [event, status] of [
  ['uncaughtException', 129],
  ['unhandledRejection', 128],
] as const) {
  process.on(event, async (error: unknown) => {
    const path = current ? `/invocation/${current}/error` : '/init/error';
    await reportError(path, error).catch(() => {});
    process.exit(status);
  });
}

let handle: Handle;
try {
  handle = await loadHandler();
} catch (error) {
  await reportError('/init/error', error);
  process.exit(1);
}
while (true) await work(handle);

async function loadHandler(): Promise<Handle> {
  const match = /^(.*\/)?([^/]+)\.([^./]+)$/.exec(_HANDLER ?? '');
  if (!match) throw new RuntimeError('MalformedHandlerName', 'Bad handler');
  const [, folder = '', name, exported] = match;
  const base = join(LAMBDA_TASK_ROOT ?? '', folder, name);
  const file = ['.js', '.mjs', '.cjs'].map((end) => base + end).find((path) => existsSync(path));
  if (!file) throw new RuntimeError('ImportModuleError', `Cannot find module '${name}'`);
  let module: Record<string, unknown>;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError('UserCodeSyntaxError', String(error));
    if ((error as NodeJS.ErrnoException).code?.includes('MODULE_NOT_FOUND')) {
      throw new RuntimeError('ImportModuleError', String(error));
    }
    throw error;
  }
  const handler = module[exported] ?? (module.default as Record<string, unknown>)?.[exported];
  if (handler === undefined) {
    throw new RuntimeError('HandlerNotFound', `${_HANDLER} is undefined or not exported`);
  }
  if (typeof handler !== 'function') {
    throw new RuntimeError('HandlerNotFound', `${_HANDLER} is not a function`);
  }
  const takesCallback = handler.length >= 3;
  if (takesCallback) {
    throw new RuntimeError('CallbackHandlerDeprecated', 'Handlers with a callback are not taken.');
  }
  return handler as Handle;
}

async function work(handler: Handle): Promise<void> {
  const { headers, body } = await call('GET', '/invocation/next');
  const id = String(headers['lambda-runtime-aws-request-id']);
  current = id;
  process.env._X_AMZN_TRACE_ID = String(headers['lambda-runtime-trace-id']);
  let answer: string;
  try {
    const result = await handler(JSON.parse(body), contextOf(headers));
    answer = JSON.stringify(result === undefined ? null : result);
  } catch (error) {
    await reportError(`/invocation/${id}/error`, error);
    current = undefined;
    return;
  }
  const { status, body: complaint } = await call('POST', `/invocation/${id}/response`, answer);
  if (status === 413) {
    await reportError(
      `/invocation/${id}/error`,
      Object.assign(new Error(complaint), { name: 'Function.ResponseSizeTooLarge' }),
    );
  }
  current = undefined;
}

function contextOf(headers: IncomingHttpHeaders): object {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

async function reportError(path: string, thrown: unknown): Promise<void> {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const body = {
    errorType: error.name,
    errorMessage: error.message,
    trace: (error.stack ?? '').split('\n'),
  };
  await call('POST', path, JSON.stringify(body), {
    'Content-Type': 'application/vnd.aws.lambda.error+json',
    'Lambda-Runtime-Function-Error-Type': error.name,
  });
}

function call(
  method: string,
  path: string,
  body?: string,
  headers: OutgoingHttpHeaders = { 'Content-Type': 'application/json' },
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${API}${path}`, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
