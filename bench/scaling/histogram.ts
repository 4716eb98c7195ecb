/** Counts of times in steps of ten milliseconds. */
export class Histogram {
  readonly #counts: number[] = [];
  #total = 0;

  add(seconds: number): void {
    const step = Math.floor(seconds * 100);
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#total++;
  }

  get total(): number {
    return this.#total;
  }

  /** Returns the time in seconds that a share of all does not pass; NaN when there are none. */
  quantile(share: number): number {
    let seen = 0;
    for (let step = 0; step < this.#counts.length; step++) {
      seen += this.#counts[step] ?? 0;
      if (seen > 0 && seen >= share * this.#total) return (step + 1) / 100;
    }
    return Number.NaN;
  }
}
