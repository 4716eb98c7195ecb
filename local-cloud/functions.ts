import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { extname } from 'node:path';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import type { LocalQueue } from './queue.ts';

export interface FunctionOptions {
  readonly name: string;
  /** Module with the export `handler`. */
  readonly module: URL;
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds after which an event has failed and the process is killed. */
  readonly timeout: number;
  /** File for its output. */
  readonly log: string;
}

/** A function in a process of its own, like an instance of Lambda. */
export interface FunctionProcess {
  /**
   * Returns what the handler returns for an event.
   *
   * @throws Error when the handler throws, takes too long, or its process ends
   */
  invoke(event: unknown): Promise<unknown>;
  /** Ends the process. Call it when no event is in progress. */
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
 * Returns a function that runs in a process of its own, so that load, memory and crashes in native code
 * cannot harm this one. The process starts with the first event, and again after it has ended.
 */
export function functionProcess(options: FunctionOptions): FunctionProcess {
  const { name, module, env, timeout, log } = options;
  const calls = new Map<number, Call>();
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let lastId = 0;

  const start = (): ChildProcess => {
    const output = openSync(log, 'a');
    // With the extension of this file: .ts in the sources, .js in the build.
    const worker = new URL(`./function-worker${extname(import.meta.url)}`, import.meta.url);
    const started = fork(worker, [module.href, name], {
      env: { ...process.env, ...env, AWS_LAMBDA_FUNCTION_NAME: name },
      stdio: ['ignore', output, output, 'ipc'],
      // Without the options of a debugger or test runner.
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
        // If the process has just ended, its exit event fails all calls.
        running.send({ id, event, deadline: Date.now() + timeout }, () => {});
      });
    },
    async close() {
      if (child?.connected) child.disconnect();
      await ended;
    },
  };
}

/** Milliseconds between two polls of an idle queue. */
const POLL_INTERVAL = 500;

export interface EventSourceOptions {
  readonly queue: LocalQueue;
  /** Handles one batch. If it throws or returns an invalid response, the batch is delivered again. */
  readonly handler: (event: SQSEvent) => Promise<SQSBatchResponse | undefined>;
  readonly batchSize: number;
  /** Batches handled at a time. */
  readonly concurrency: number;
  readonly onError: (error: unknown) => void;
}

const responseSchema = z
  .object({
    batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish(),
  })
  .nullish();

/**
 * Feeds a queue to a handler as Lambda's event source mapping for SQS does, with partial batch
 * responses: messages that the handler does not report as failed are deleted, the others are delivered
 * again after their visibility timeout.
 *
 * @returns a function that receives no more messages and resolves when the current batches are finished
 * @example
 * const end = startEventSource({ queue, handler, batchSize: 10, concurrency: 1, onError: console.error });
 */
export function startEventSource(options: EventSourceOptions): () => Promise<void> {
  const { queue, batchSize, concurrency, onError } = options;
  const batches = new Set<Promise<void>>();
  let isClosed = false;
  const pump = () => {
    try {
      while (!isClosed && batches.size < concurrency) {
        const records = queue.receive(batchSize);
        if (records.length === 0) return;
        const batch = handle(records, options).catch(onError);
        batches.add(batch);
        batch.finally(() => {
          batches.delete(batch);
          pump();
        });
      }
    } catch (error) {
      onError(error);
    }
  };
  // Deferred, so that messages sent at the same moment form one batch.
  const offSend = queue.onSend(() => setImmediate(pump));
  const timer = setInterval(pump, POLL_INTERVAL);
  pump();
  return async () => {
    isClosed = true;
    offSend();
    clearInterval(timer);
    await Promise.all(batches);
  };
}

async function handle(records: SQSRecord[], options: EventSourceOptions): Promise<void> {
  const { queue, handler } = options;
  const failed = failedIds(records, await handler({ Records: records }));
  for (const { messageId } of records) if (!failed.has(messageId)) queue.remove(messageId);
}

/** @throws Error when the response names unknown messages: then the whole batch has failed */
function failedIds(records: readonly SQSRecord[], response: unknown): ReadonlySet<string> {
  const failures = responseSchema.parse(response)?.batchItemFailures ?? [];
  const failed = new Set(failures.map(({ itemIdentifier }) => itemIdentifier));
  const known = new Set(records.map(({ messageId }) => messageId));
  for (const id of failed) {
    if (!known.has(id)) throw new Error('The handler reported a message that is not in its batch.');
  }
  return failed;
}
