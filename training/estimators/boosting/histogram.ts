import type { Binned } from '../binning.ts';

/**
 * Builds histograms: for every bin of every feature the sum of the packed pairs of the samples in
 * it. All features share one array.
 */
export class HistogramBuilder {
  /** Feature f has the bins from `offsets[f]` up to `offsets[f + 1]` (exclusive). */
  readonly offsets: Int32Array;
  readonly #binned: Binned;

  constructor(binned: Binned) {
    this.#binned = binned;
    this.offsets = new Int32Array(binned.columns + 1);
    for (let f = 0; f < binned.columns; f++) {
      this.offsets[f + 1] = this.offsets[f] + binned.edges[f].length + 1;
    }
  }

  allocate(): Float64Array {
    return new Float64Array(this.offsets[this.#binned.columns]);
  }

  /**
   * Fills in the bins of the given features. `samples` names the samples of the node from `begin` to
   * `end` (exclusive), and `pairs[i]` is the packed pair of `samples[i]`.
   */
  fill(
    histogram: Float64Array,
    features: Int32Array,
    samples: Int32Array,
    pairs: Float64Array,
    begin: number,
    end: number,
  ): void {
    const { offsets } = this;
    const { codes, rows } = this.#binned;
    for (const f of features) histogram.fill(0, offsets[f], offsets[f + 1]);
    // Eight features at a time, so that a sample's number and pair are loaded an eighth as often.
    let j = 0;
    for (; j + 8 <= features.length; j += 8) {
      const [f0, f1, f2, f3, f4, f5, f6, f7] = features.subarray(j, j + 8);
      const column0 = f0 * rows;
      const column1 = f1 * rows;
      const column2 = f2 * rows;
      const column3 = f3 * rows;
      const column4 = f4 * rows;
      const column5 = f5 * rows;
      const column6 = f6 * rows;
      const column7 = f7 * rows;
      const offset0 = offsets[f0];
      const offset1 = offsets[f1];
      const offset2 = offsets[f2];
      const offset3 = offsets[f3];
      const offset4 = offsets[f4];
      const offset5 = offsets[f5];
      const offset6 = offsets[f6];
      const offset7 = offsets[f7];
      for (let i = begin; i < end; i++) {
        const sample = samples[i];
        const pair = pairs[i];
        histogram[offset0 + codes[column0 + sample]] += pair;
        histogram[offset1 + codes[column1 + sample]] += pair;
        histogram[offset2 + codes[column2 + sample]] += pair;
        histogram[offset3 + codes[column3 + sample]] += pair;
        histogram[offset4 + codes[column4 + sample]] += pair;
        histogram[offset5 + codes[column5 + sample]] += pair;
        histogram[offset6 + codes[column6 + sample]] += pair;
        histogram[offset7 + codes[column7 + sample]] += pair;
      }
    }
    for (; j < features.length; j++) {
      const column = features[j] * rows;
      const offset = offsets[features[j]];
      for (let i = begin; i < end; i++) histogram[offset + codes[column + samples[i]]] += pairs[i];
    }
  }

  /** Takes a child off its parent in place: what is left is the other child. */
  subtract(parent: Float64Array, child: Float64Array, features: Int32Array): void {
    for (const f of features) {
      const end = this.offsets[f + 1];
      for (let b = this.offsets[f]; b < end; b++) parent[b] -= child[b];
    }
  }
}
