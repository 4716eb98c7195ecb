import { extname } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { Slots } from './slots.ts';

export interface ThreadPoolOptions {
  readonly threads: number;
  /** What every task finds as `workerData` of its thread. */
  readonly workerData?: unknown;
  /** Aborted, it keeps the tasks that wait from being started. Those that run are not cut off. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Threads that run the default export of a module.
 *
 * None is ended before its task is: Node 20 aborts the whole process when a thread is terminated
 * while it loads a module, and onnxruntime-node while it computes.
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
  readonly #slots: Slots;
  readonly #promised = new Set<Promise<Result>>();
  #isClosed = false;

  /**
   * @param module path without extension, relative to the file that names it: in the sources and in
   * the build both have the same one
   * @param from `import.meta.url` of that file
   */
  constructor(module: string, from: string, { threads, workerData, signal }: ThreadPoolOptions) {
    this.#filename = new URL(`${module}${extname(from)}`, from).href;
    this.#signal = signal;
    this.#slots = new Slots(threads);
    // Told the file here, a thread would load it before its first task, and nobody could wait for that.
    this.#pool = new Piscina({ workerData, minThreads: threads, maxThreads: threads });
  }

  /**
   * Runs the module's default export with a task when a thread is free, in the order of the calls.
   *
   * @param transferList what is moved to the thread instead of being copied
   * @throws what the task throws; the signal's reason, or that the pool is closed, when it was not
   * started
   */
  run(task: Task, transferList: readonly MessagePort[] = []): Promise<Result> {
    const result = this.#slots.run(() => {
      this.#signal?.throwIfAborted();
      if (this.#isClosed) throw new Error('The pool was closed before the task was started.');
      return this.#pool.run(task, { filename: this.#filename, transferList: [...transferList] });
    });
    this.#promised.add(result);
    const settled = () => this.#promised.delete(result);
    result.then(settled, settled);
    return result;
  }

  /** Resolves when the running tasks have ended, and with them the threads. No other one starts. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#promised);
    await this.#pool.destroy();
  }
}
