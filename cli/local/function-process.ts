import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { extname } from 'node:path';
import * as z from 'zod';

export interface FunctionOptions {
  readonly name: string;
  /** Address of the module whose export `handler` is called. */
  readonly module: URL;
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds after which an event counts as failed and the process is ended. */
  readonly timeout: number;
  /** File that its output goes to. */
  readonly log: string;
}

/** A function in a process of its own, like an instance of a Lambda function. */
export interface FunctionProcess {
  /**
   * Returns what the handler answers to an event.
   *
   * @throws Error when the handler does, when it takes too long, or when its process ends before
   */
  invoke(event: unknown): Promise<unknown>;
  /** Ends the process. Events must be answered by then. */
  close(): Promise<void>;
}

const answerSchema = z.object({
  id: z.number(),
  result: z.unknown(),
  error: z.string().optional(),
});

interface Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Prepares a function that runs in a process of its own: what it does to the processor, to memory or
 * in native code cannot harm this one. The process starts with the first event, and again after it has
 * ended.
 */
export function functionProcess(options: FunctionOptions): FunctionProcess {
  const { name, module, env, timeout, log } = options;
  const calls = new Map<number, Call>();
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let lastId = 0;

  const start = (): ChildProcess => {
    const output = openSync(log, 'a');
    // Has the extension of this file, in the sources and in the build.
    const worker = new URL(`./function-worker${extname(import.meta.url)}`, import.meta.url);
    const started = fork(worker, [module.href, name], {
      env: { ...process.env, ...env, AWS_LAMBDA_FUNCTION_NAME: name },
      stdio: ['ignore', output, output, 'ipc'],
      // Reports of a debugger or a test runner are not for this process.
      execArgv: [],
    });
    closeSync(output);
    started.on('message', (message) => {
      const { id, result, error } = answerSchema.parse(message);
      const call = calls.get(id);
      calls.delete(id);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(error));
    });
    ended = new Promise((resolve) => {
      const end = (why: string) => {
        if (child === started) child = undefined;
        for (const { reject } of calls.values()) reject(new Error(why));
        calls.clear();
        resolve();
      };
      started.once('error', (error) => end(`The function ${name} cannot start: ${error.message}.`));
      started.once('exit', (code, signal) =>
        end(`The process of the function ${name} ended with ${signal ?? code}.`),
      );
    });
    return started;
  };

  return {
    invoke(event) {
      child ??= start();
      const running = child;
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => running.kill('SIGKILL'), timeout);
        const done =
          <T>(settle: (value: T) => void) =>
          (value: T) => {
            clearTimeout(timer);
            settle(value);
          };
        calls.set(id, { resolve: done(resolve), reject: done(reject) });
        // A process that has just ended tells so by its exit, which fails all calls.
        running.send({ id, event, deadline: Date.now() + timeout }, () => {});
      });
    },
    async close() {
      if (child?.connected) child.disconnect();
      await ended;
    },
  };
}
