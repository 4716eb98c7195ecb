/**
 * The samples that a tree grows on, with their packed pairs. The samples of one node always stand
 * side by side; a split puts those that go left before the others, each side in its old order.
 */
export class NodeSamples {
  readonly samples: Int32Array;
  /** The packed pair of `samples[i]` at i. */
  readonly pairs: Float64Array;
  readonly #spareSamples: Int32Array;
  readonly #sparePairs: Float64Array;

  constructor(capacity: number) {
    this.samples = new Int32Array(capacity);
    this.pairs = new Float64Array(capacity);
    this.#spareSamples = new Int32Array(capacity);
    this.#sparePairs = new Float64Array(capacity);
  }

  /** Takes in the given samples; `pairs` has the packed pairs of all. Returns their packed sum. */
  load(samples: Int32Array, pairs: Float64Array): number {
    let sum = 0;
    this.samples.set(samples);
    for (let i = 0; i < samples.length; i++) {
      this.pairs[i] = pairs[samples[i]];
      sum += this.pairs[i];
    }
    return sum;
  }

  /**
   * Splits the node from `begin` to `end` (exclusive) by the codes of one feature, which start at
   * `column` in `codes`, and returns where the right side begins.
   */
  partition(
    begin: number,
    end: number,
    codes: Uint8Array,
    column: number,
    lastLeftBin: number,
  ): number {
    const { samples, pairs } = this;
    const spareSamples = this.#spareSamples;
    const sparePairs = this.#sparePairs;
    let middle = begin;
    let spared = 0;
    for (let i = begin; i < end; i++) {
      const sample = samples[i];
      const pair = pairs[i];
      if (codes[column + sample] <= lastLeftBin) {
        samples[middle] = sample;
        pairs[middle++] = pair;
      } else {
        spareSamples[spared] = sample;
        sparePairs[spared++] = pair;
      }
    }
    for (let i = 0; i < spared; i++) {
      samples[middle + i] = spareSamples[i];
      pairs[middle + i] = sparePairs[i];
    }
    return middle;
  }
}
