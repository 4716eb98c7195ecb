/** Remembers the ids that came last. */
export class Seen {
  readonly #ids = new Set<string>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  /** Notes an id and returns whether it is new. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > this.#size) {
      const [oldest] = this.#ids;
      this.#ids.delete(oldest);
    }
    return true;
  }

  /** Lets an id count as new again. */
  forget(id: string): void {
    this.#ids.delete(id);
  }
}
