/** Runs the work of one channel in order, one piece at a time, and different channels in parallel. */
export class ChannelQueue {
  readonly #tails = new Map<string, Promise<void>>();

  /** @param work must not reject */
  add(channel: string, work: () => Promise<void>): void {
    const before = this.#tails.get(channel) ?? Promise.resolve();
    const tail = before.then(work).finally(() => {
      if (this.#tails.get(channel) === tail) this.#tails.delete(channel);
    });
    this.#tails.set(channel, tail);
  }

  /** Resolves when all work is done. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
