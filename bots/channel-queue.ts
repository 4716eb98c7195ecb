/**
 * Does what belongs to one channel one after another, in the order in which it came, and different
 * channels side by side.
 */
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

  /** Resolves when everything that was added is done. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
