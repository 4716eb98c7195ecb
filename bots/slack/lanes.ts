/**
 * Does the work of each channel in order, one piece at a time; several channels side by side, but only
 * so many at once.
 *
 * @example
 * const lanes = new Lanes(4);
 * await lanes.run('C1', () => answer(note));
 */
export class Lanes {
  readonly #last = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param width how many pieces of work run at a time */
  constructor(width: number) {
    this.#free = width;
  }

  /** Resolves when the work is done, and rejects as it does. */
  run(channel: string, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(channel) ?? Promise.resolve();
    const mine = before.then(() => this.#admitted(work));
    const settled = mine.catch(() => {});
    this.#last.set(channel, settled);
    void settled.then(() => {
      if (this.#last.get(channel) === settled) this.#last.delete(channel);
    });
    return mine;
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }

  async #admitted(work: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
