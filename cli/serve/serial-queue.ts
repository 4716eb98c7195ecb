/**
 * Works through keys one at a time, in the order in which they came. A key that waits already is not
 * added twice; one that is being worked on right now is, as it may have changed since.
 */
export class SerialQueue {
  readonly #work: (key: string) => Promise<void>;
  readonly #waiting = new Set<string>();
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;

  /** @param work must not reject */
  constructor(work: (key: string) => Promise<void>) {
    this.#work = work;
  }

  add(key: string): void {
    this.#waiting.add(key);
    if (!this.#isRunning) this.#running = this.#run();
  }

  /** Forgets what waits and resolves when the work that has begun is done. */
  async close(): Promise<void> {
    this.#waiting.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (const key of this.#waiting) {
      this.#waiting.delete(key);
      await this.#work(key);
    }
    this.#isRunning = false;
  }
}
