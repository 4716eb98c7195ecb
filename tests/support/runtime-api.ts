import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { ROOT } from '../../lib/root.ts';

/** Largest answer of a synchronous invocation. */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024;

/** What Lambda hands to whoever invoked a function. */
export type Invocation<Answer = unknown> =
  | { readonly isError: false; readonly payload: Answer }
  /** `FunctionError: Unhandled`, and this payload. */
  | {
      readonly isError: true;
      readonly payload: {
        readonly errorType: string;
        readonly errorMessage: string;
        readonly trace?: readonly string[];
      };
    };

export interface LambdaOptions {
  /** The folder that was unpacked to LAMBDA_TASK_ROOT. */
  readonly folder: string;
  /** As in the function's configuration: `index.handler`. */
  readonly handler?: string;
  /** The Node that runs it; this one by default. */
  readonly node?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly memory?: number;
  readonly timeoutMs?: number;
  readonly name?: string;
}

/**
 * One function as AWS Lambda runs it: a fresh Node process with a function's environment, fed
 * through the Runtime API's HTTP protocol. As there, the process stays for the next invocation, is
 * killed when time is up, and is started anew after it died.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 *
 * @example
 * await using lambda = await startLambda({ folder: 'cdk.out/asset.0123' });
 * const { isError, payload } = await lambda.invoke(event);
 */
export async function startLambda(options: LambdaOptions): Promise<LocalLambda> {
  const runtimeFolder = await mkdtemp(join(tmpdir(), 'lambda-runtime-'));
  const source = readFileSync(join(ROOT, 'tests/support/lambda-runtime.ts'), 'utf8');
  const { code } = transformSync(source, { loader: 'ts', format: 'esm', target: 'node20' });
  await writeFile(join(runtimeFolder, 'index.mjs'), code);
  const lambda = new LocalLambda(options, runtimeFolder);
  await lambda.listen();
  return lambda;
}

interface Pending {
  readonly id: string;
  readonly event: string;
  readonly deadline: number;
  readonly settle: (invocation: Invocation) => void;
  isDelivered: boolean;
}

export class LocalLambda {
  readonly #options: Required<LambdaOptions>;
  readonly #runtimeFolder: string;
  readonly #server: Server;
  #process: ChildProcess | undefined;
  #pending: Pending | undefined;
  /** A runtime that asked for work and waits. */
  #waiting: ServerResponse | undefined;
  /** Whether the runtime came through its start. */
  #isInitialised = false;
  #initError: unknown;
  #log = '';

  constructor(options: LambdaOptions, runtimeFolder: string) {
    this.#options = {
      handler: 'index.handler',
      node: process.execPath,
      environment: {},
      memory: 1769,
      timeoutMs: 29_000,
      name: 'undertone',
      ...options,
    };
    this.#runtimeFolder = runtimeFolder;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error) => response.destroy(error));
    });
    // The real one keeps connections: closed while a long note is classified, one would be lost.
    this.#server.keepAliveTimeout = 120_000;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** What the function wrote to stdout and stderr. */
  get log(): string {
    return this.#log;
  }

  /** Process id of the runtime; undefined before the first invocation and after it died. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Invokes the function once. One at a time, as Lambda does with every instance. */
  async invoke<Answer = unknown>(event: unknown): Promise<Invocation<Answer>> {
    if (this.#pending) throw new Error('This instance is still working on another invocation.');
    const { timeoutMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    try {
      return (await new Promise<Invocation>((settle) => {
        const id = randomUUID();
        const deadline = Date.now() + timeoutMs;
        const isDelivered = false;
        this.#pending = { id, event: JSON.stringify(event), deadline, settle, isDelivered };
        timer = setTimeout(() => {
          this.#kill();
          const seconds = (timeoutMs / 1000).toFixed(2);
          const errorMessage = `${new Date().toISOString()} ${id} Task timed out after ${seconds} seconds`;
          settle({ isError: true, payload: { errorType: 'Sandbox.Timedout', errorMessage } });
        }, timeoutMs);
        if (this.#process) this.#deliver();
        else this.#start();
      })) as Invocation<Answer>;
    } finally {
      clearTimeout(timer);
      this.#pending = undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    this.#kill();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#runtimeFolder, { recursive: true, force: true });
  }

  #start(): void {
    const { folder, node } = this.#options;
    this.#initError = undefined;
    this.#isInitialised = false;
    const child = spawn(node, [join(this.#runtimeFolder, 'index.mjs')], {
      cwd: folder,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString();
      });
    }
    child.on('error', (error) => this.#died(child, error.message));
    child.on('exit', (code, signal) => {
      const how = signal ? `signal: ${signal}` : `exit status ${code}`;
      this.#died(child, `Error: Runtime exited with error: ${how}`);
    });
  }

  #died(child: ChildProcess, errorMessage: string): void {
    if (this.#process !== child) return;
    this.#process = undefined;
    this.#waiting = undefined;
    // It died of the invocation before: this one never reached it.
    if (this.#pending && !this.#pending.isDelivered && this.#isInitialised) {
      this.#start();
      return;
    }
    const payload = (this.#initError ?? { errorType: 'Runtime.ExitError', errorMessage }) as never;
    this.#pending?.settle({ isError: true, payload });
  }

  #kill(): void {
    const child = this.#process;
    this.#process = undefined;
    this.#waiting = undefined;
    child?.kill('SIGKILL');
  }

  /** The variables of https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
  #environment(): NodeJS.ProcessEnv {
    const { folder, handler, environment, memory, name } = this.#options;
    const { port } = this.#server.address() as AddressInfo;
    return {
      _HANDLER: handler,
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_REGION: 'eu-central-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0123456789abcdef',
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
      AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
      LAMBDA_RUNTIME_DIR: this.#runtimeFolder,
      LAMBDA_TASK_ROOT: folder,
      LANG: 'en_US.UTF-8',
      // Without the folders of this machine, whose programs a function would not find either.
      PATH: '/var/lang/bin:/opt/bin',
      TZ: ':UTC',
      ...environment,
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const body = await readBody(request);
    if (request.method === 'GET' && path === '/2018-06-01/runtime/invocation/next') {
      this.#isInitialised = true;
      this.#waiting = response;
      this.#deliver();
      return;
    }
    if (request.method === 'POST' && path === '/2018-06-01/runtime/init/error') {
      this.#initError = JSON.parse(body.toString());
      accept(response);
      return;
    }
    const match = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path);
    if (request.method !== 'POST' || !match) return refuse(response, 404, 'UnknownPath');
    const pending = this.#pending;
    if (pending?.id !== match[1]) return refuse(response, 400, 'InvalidRequestID');
    const isError = match[2] === 'error';
    if (!isError && body.length > MAX_ANSWER_BYTES) {
      return refuse(response, 413, 'RequestEntityTooLarge');
    }
    accept(response);
    pending.settle({ isError, payload: JSON.parse(body.toString()) });
  }

  /** Gives the pending invocation to the runtime that waits for one. */
  #deliver(): void {
    const { name } = this.#options;
    if (!this.#pending || !this.#waiting) return;
    const { id, event, deadline } = this.#pending;
    this.#pending.isDelivered = true;
    const root = `1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`;
    this.#waiting.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': id,
      'Lambda-Runtime-Deadline-Ms': String(deadline),
      'Lambda-Runtime-Invoked-Function-Arn': `arn:aws:lambda:eu-central-1:123456789012:function:${name}`,
      'Lambda-Runtime-Trace-Id': `Root=${root};Parent=${randomBytes(8).toString('hex')};Sampled=0`,
    });
    this.#waiting.end(event);
    this.#waiting = undefined;
  }
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}\n');
}

function refuse(response: ServerResponse, status: number, errorType: string): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json' })
    .end(JSON.stringify({ errorType, errorMessage: errorType }));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
