/** Keeps the last samples of a stream, however long it is. */
export class SampleRing {
  readonly #samples: Float32Array;
  /** Where the next sample goes, and how many have come, up to the capacity. */
  #at = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#samples = new Float32Array(capacity);
  }

  push(samples: Float32Array): void {
    const capacity = this.#samples.length;
    const kept = samples.subarray(Math.max(0, samples.length - capacity));
    const first = Math.min(kept.length, capacity - this.#at);
    this.#samples.set(kept.subarray(0, first), this.#at);
    this.#samples.set(kept.subarray(first), 0);
    this.#at = (this.#at + kept.length) % capacity;
    this.#length = Math.min(capacity, this.#length + kept.length);
  }

  /** Returns a copy of the last `count` samples, or of all there are if these are fewer. */
  last(count: number): Float32Array {
    const capacity = this.#samples.length;
    const length = Math.min(count, this.#length);
    const out = new Float32Array(length);
    const from = (this.#at - length + capacity) % capacity;
    const first = Math.min(length, capacity - from);
    out.set(this.#samples.subarray(from, from + first));
    out.set(this.#samples.subarray(0, length - first), first);
    return out;
  }
}
