/** Milliseconds between two lines on a screen, and where there is none. */
const SCREEN_INTERVAL = 200;
const FILE_INTERVAL = 10_000;

/** Tells on stderr how many are done, where the number of all is not known. */
export class Progress {
  readonly #done: string;
  readonly #before: number;
  readonly #began = performance.now();
  #told = performance.now();
  #count: number;

  /**
   * @param done what has happened to them, such as `enqueued`
   * @param before how many were done earlier
   */
  constructor(done: string, before = 0) {
    this.#done = done;
    this.#before = before;
    this.#count = before;
  }

  get count(): number {
    return this.#count;
  }

  add(count: number): void {
    this.#count += count;
    const isScreen = !!process.stderr.isTTY;
    const now = performance.now();
    if (now - this.#told < (isScreen ? SCREEN_INTERVAL : FILE_INTERVAL)) return;
    this.#told = now;
    const rate = ((this.#count - this.#before) / (now - this.#began)) * 1000;
    const line = `${this.#count} ${this.#done}, ${rate.toFixed(0)} a second`;
    process.stderr.write(isScreen ? `\r\u001b[K${line}` : `${line}\n`);
  }

  /** Leaves the screen as it was. */
  stop(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  }
}
