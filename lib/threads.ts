import { extname } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import pLimit, { type LimitFunction } from 'p-limit';
import { Piscina } from 'piscina';

export interface ThreadPoolOptions {
  readonly threads: number;
  /** What every task finds as `workerData` of its thread. */
  readonly workerData?: unknown;
  /** When aborted, waiting tasks are not started. Running tasks are not interrupted. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the default export of a module on worker threads.
 *
 * No thread is terminated before its task has ended: Node 20 aborts the whole process when a thread is
 * terminated while it loads a module, and onnxruntime-node does so while it computes.
 *
 * @example
 * const pool = new ThreadPool<Task, Result>('./task', import.meta.url, { threads: 2 });
 * const result = await pool.run(task);
 * await pool.close();
 */
export class ThreadPool<Task, Result> {
  readonly #pool: Piscina<Task, Result>;
  readonly #filename: string;
  readonly #signal: AbortSignal | undefined;
  readonly #limit: LimitFunction;
  readonly #pending = new Set<Promise<Result>>();
  #isClosed = false;

  /**
   * @param module path without extension, relative to `from`: the same in the sources and in the build
   * @param from `import.meta.url` of the calling file
   */
  constructor(module: string, from: string, { threads, workerData, signal }: ThreadPoolOptions) {
    this.#filename = new URL(`${module}${extname(from)}`, from).href;
    this.#signal = signal;
    this.#limit = pLimit(threads);
    // Given the file here, a thread would load it before its first task, and nobody could wait for that.
    this.#pool = new Piscina({ workerData, minThreads: threads, maxThreads: threads });
  }

  /**
   * Runs the task as soon as a thread is free, in the order of the calls.
   *
   * @param transferList objects that are moved to the thread instead of copied
   * @throws what the task throws; if it was never started, the signal's reason or an error that the pool
   * is closed
   */
  run(task: Task, transferList: readonly MessagePort[] = []): Promise<Result> {
    const result = this.#limit(() => {
      this.#signal?.throwIfAborted();
      if (this.#isClosed) throw new Error('The pool was closed before the task was started.');
      return this.#pool.run(task, { filename: this.#filename, transferList: [...transferList] });
    });
    this.#pending.add(result);
    const settled = () => this.#pending.delete(result);
    result.then(settled, settled);
    return result;
  }

  /** Starts no further task, waits for the running ones, then ends the threads. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#pending);
    await this.#pool.destroy();
  }
}
