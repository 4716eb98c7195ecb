import type { Binned } from './tree.ts';

/** The words of 32 bits that mark which of 256 bins hold samples. */
const BIN_WORDS = 8;
const MOST_BINS = 256;

/**
 * Finds where to split one node at a time: `enter` the node, `search` some features, read the best.
 * All buffers are made once; a search costs time in proportion to the samples of the node only.
 */
export class GiniSplitter {
  // The node in hand.
  /** The weight of each class. */
  readonly classWeight: Float64Array;
  /** The sum of the class weights. */
  weight = 0;
  /** The sum of their squares: the node is pure when this is `weight²`. */
  squares = 0;

  // The best split found so far.
  /** The feature to split by, or -1 while none can. */
  feature = -1;
  /** Which edge of that feature parts left from right. */
  edge = 0;
  /** S_left / W_left + S_right / W_right, see `search`. */
  score = -1;

  readonly #binned: Binned;
  readonly #minSamplesLeaf: number;
  #samples: Int32Array = new Int32Array(0);
  #begin = 0;
  #count = 0;
  /** Label and weight of the node's samples, side by side for the many searches. */
  readonly #label: Uint8Array;
  readonly #sampleWeight: Float64Array;
  readonly #leftWeight: Float64Array;
  /** A list for each bin: its first sample (-1: none), and the sample after each. */
  readonly #head = new Int32Array(MOST_BINS).fill(-1);
  readonly #next: Int32Array;
  readonly #binsInUse = new Int32Array(BIN_WORDS);

  constructor(binned: Binned, classCount: number, minSamplesLeaf: number) {
    this.#binned = binned;
    this.#minSamplesLeaf = minSamplesLeaf;
    this.classWeight = new Float64Array(classCount);
    this.#leftWeight = new Float64Array(classCount);
    this.#label = new Uint8Array(binned.rows);
    this.#sampleWeight = new Float64Array(binned.rows);
    this.#next = new Int32Array(binned.rows);
  }

  /** Takes up the node of `samples[begin]` up to `samples[end]` (exclusive). */
  enter(
    samples: Int32Array,
    begin: number,
    end: number,
    labels: Uint8Array,
    weights: Int32Array,
  ): void {
    const classWeight = this.classWeight.fill(0);
    this.#samples = samples;
    this.#begin = begin;
    this.#count = end - begin;
    this.feature = -1;
    this.score = -1;
    for (let i = begin; i < end; i++) {
      const sample = samples[i];
      const label = labels[sample];
      const weight = weights[sample];
      this.#label[i - begin] = label;
      this.#sampleWeight[i - begin] = weight;
      classWeight[label] += weight;
    }
    this.weight = 0;
    this.squares = 0;
    for (let c = 0; c < classWeight.length; c++) {
      this.weight += classWeight[c];
      this.squares += classWeight[c] * classWeight[c];
    }
  }

  /**
   * Keeps the best split by `feature` if it beats the best so far.
   *
   * Samples move from right to left in ascending order of their bins while S, the sum of the squared
   * class weights, and W, the weight, are kept for each side. The split that minimises the weighted
   * Gini impurity is the one that maximises S_left / W_left + S_right / W_right.
   */
  search(feature: number): void {
    const samples = this.#samples;
    const begin = this.#begin;
    const count = this.#count;
    const codes = this.#binned.codes;
    const offset = feature * this.#binned.rows;
    const head = this.#head;
    const next = this.#next;
    const inUse = this.#binsInUse;
    for (let i = 0; i < count; i++) {
      const code = codes[offset + samples[begin + i]];
      next[i] = head[code];
      head[code] = i;
      inUse[code >> 5] |= 1 << (code & 31);
    }

    const minSamplesLeaf = this.#minSamplesLeaf;
    const mostLeft = count - minSamplesLeaf;
    const label = this.#label;
    const sampleWeight = this.#sampleWeight;
    const classWeight = this.classWeight;
    const leftWeight = this.#leftWeight.fill(0);
    const nodeWeight = this.weight;
    const nodeSquares = this.squares;
    let best = this.score;
    let seen = 0;
    let left = 0;
    let leftSquares = 0;
    let across = 0;
    let previous = 0;
    for (let word = 0; word < BIN_WORDS; word++) {
      for (let bits = inUse[word]; bits !== 0; bits &= bits - 1) {
        const code = (word << 5) | (31 - Math.clz32(bits & -bits));
        if (seen >= minSamplesLeaf && seen <= mostLeft) {
          // Σ (all − left)² = Σ all² − 2 Σ all · left + Σ left²
          const rightSquares = nodeSquares - 2 * across + leftSquares;
          const score = leftSquares / left + rightSquares / (nodeWeight - left);
          if (score > best) {
            best = score;
            this.score = score;
            this.feature = feature;
            // Midway over the bins that are empty in this node, so that unseen samples between the
            // two sides fall to the nearer one.
            this.edge = (previous + code - 1) >> 1;
          }
        }
        previous = code;
        for (let i = head[code]; i >= 0; i = next[i]) {
          const c = label[i];
          const w = sampleWeight[i];
          const already = leftWeight[c];
          leftSquares += w * (already + already + w);
          across += w * classWeight[c];
          leftWeight[c] = already + w;
          left += w;
          seen++;
        }
        head[code] = -1;
      }
      inUse[word] = 0;
    }
  }
}
