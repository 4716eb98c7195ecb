import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import pLimit, { type LimitFunction } from 'p-limit';
import { type ErrorCode, UndertoneError } from '../core/index.ts';

/** What a process says about its task. Errors lose their class and code on the way, so these are sent. */
type Answer<Result> =
  | { readonly result: Result }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };

/** A process could not start, or ended before it answered, for example because there was no memory left. */
export class ProcessFailed extends Error {
  override readonly name = 'ProcessFailed';
}

/**
 * Has child processes do tasks. Two of them take a tenth less processor time for many short notes than two
 * threads did, and one that dies does not end the others.
 *
 * @example
 * const pool = new ProcessPool<Task, Result>(new URL('./worker.js', import.meta.url), 2);
 * const result = await pool.run(task);
 * pool.close();
 */
export class ProcessPool<Task extends object, Result> {
  readonly #module: URL;
  readonly #limit: LimitFunction;
  readonly #all = new Set<ChildProcess>();
  readonly #idle = new Set<ChildProcess>();

  /** @param module what each process runs; it calls `answerTasks` */
  constructor(module: URL, processes: number) {
    this.#module = module;
    this.#limit = pLimit(processes);
  }

  /**
   * Has the task done as soon as a process is free, in the order of the calls.
   *
   * @throws UndertoneError what the task throws; ProcessFailed, after which another process takes the next
   * task
   */
  run(task: Task): Promise<Result> {
    return this.#limit(async () => {
      const [child = this.#start()] = this.#idle;
      this.#idle.delete(child);
      const answer = await ask<Result>(child, task);
      this.#idle.add(child);
      if ('result' in answer) return answer.result;
      throw new UndertoneError(answer.error.code, answer.error.message);
    });
  }

  /** Ends the processes. Tasks that are not done yet throw ProcessFailed or never settle. */
  close(): void {
    this.#limit.clearQueue();
    for (const child of this.#all) if (child.connected) child.disconnect();
  }

  #start(): ChildProcess {
    const child = fork(this.#module, {
      // Keeps typed arrays.
      serialization: 'advanced',
      // What a process prints must not get between the results. Why it crashed is worth reading.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const forget = () => {
      this.#all.delete(child);
      this.#idle.delete(child);
    };
    child.once('exit', forget).on('error', forget);
    this.#all.add(child);
    return child;
  }
}

async function ask<Result>(child: ChildProcess, task: object): Promise<Answer<Result>> {
  const settled = new AbortController();
  const { signal } = settled;
  const end = once(child, 'exit', { signal }).then(([code, name]) => {
    throw new Error(`it ended with ${name ?? `exit code ${code}`}`);
  });
  const answer = once(child, 'message', { signal });
  try {
    // If the process has just ended, its exit is what counts.
    child.send(task, () => {});
    return (await Promise.race([answer, end]))[0];
  } catch (cause) {
    throw new ProcessFailed(`The process failed: ${(cause as Error).message}.`, { cause });
  } finally {
    settled.abort();
  }
}

/**
 * Answers the tasks of the ProcessPool that has started this process, which ends with it.
 *
 * @example
 * answerTasks((file: string) => readFile(file, 'utf8'));
 */
export function answerTasks<Task, Result>(work: (task: Task) => Promise<Result>): void {
  process.on('message', async (task: Task) => {
    const answer: Answer<Result> = await work(task).then(
      (result) => ({ result }),
      (thrown) => {
        const { code, message } = UndertoneError.from(thrown);
        return { error: { code, message } };
      },
    );
    // If nobody wants to know any more, the process ends anyway.
    process.send?.(answer, undefined, undefined, () => {});
  });
  process.once('disconnect', () => process.exit());
}
