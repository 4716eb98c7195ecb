import type { Random } from '../random.ts';
import { GiniSplitter } from './gini-splitter.ts';
import type { Binned, TreeArrays } from './tree.ts';

/** Where a tree stops, and how many features it looks at for each split. */
export interface TreeLimits {
  readonly maxDepth: number;
  /** Distinct samples that either side of a split keeps at least. */
  readonly minSamplesLeaf: number;
  readonly featuresPerSplit: number;
}

/**
 * Grows classification trees by Gini impurity (CART, Breiman et al. 1984) on binned features. One
 * grower serves a whole forest: nothing is allocated for a node.
 *
 * @example
 * const limits = { maxDepth: 4, minSamplesLeaf: 1, featuresPerSplit: 3 };
 * const grower = new GiniTreeGrower(bin(X), y, 8, limits);
 * const tree = grower.grow(createRandom(42), new Int32Array(X.rows).fill(1));
 */
export class GiniTreeGrower {
  readonly #binned: Binned;
  readonly #labels: Uint8Array;
  readonly #limits: TreeLimits;
  readonly #splitter: GiniSplitter;

  // The tree in hand, written front to back.
  readonly #feature: Int32Array;
  readonly #threshold: Float32Array;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #gain: Float32Array;
  readonly #targets: Uint8Array;
  readonly #weights: Float32Array;
  #nodeCount = 0;
  #entryCount = 0;

  /** The samples in use; those of one node stand side by side. */
  readonly #samples: Int32Array;
  /** All features, in the order in which they were last drawn. */
  readonly #features: Int32Array;
  /** Begin, end, depth and parent of each node still to be grown. */
  readonly #stack: Int32Array;

  constructor(binned: Binned, y: ArrayLike<number>, classCount: number, limits: TreeLimits) {
    const { rows, columns } = binned;
    this.#binned = binned;
    this.#labels = Uint8Array.from(y);
    this.#limits = limits;
    this.#splitter = new GiniSplitter(binned, classCount, limits.minSamplesLeaf);
    // A binary tree whose leaves all hold a sample has fewer than twice as many nodes as samples.
    this.#feature = new Int32Array(2 * rows);
    this.#threshold = new Float32Array(2 * rows);
    this.#left = new Int32Array(2 * rows);
    this.#right = new Int32Array(2 * rows);
    this.#gain = new Float32Array(2 * rows);
    this.#targets = new Uint8Array(rows);
    this.#weights = new Float32Array(rows);
    this.#samples = new Int32Array(rows);
    this.#features = new Int32Array(columns);
    this.#stack = new Int32Array(4 * (rows + 1));
  }

  /** Grows one tree on the samples whose weight (how often each was drawn) is not 0. */
  grow(random: Random, weights: Int32Array): TreeArrays {
    const { maxDepth, minSamplesLeaf } = this.#limits;
    const splitter = this.#splitter;
    const samples = this.#samples;
    const stack = this.#stack;
    let count = 0;
    for (let i = 0; i < weights.length; i++) if (weights[i] > 0) samples[count++] = i;
    for (let f = 0; f < this.#features.length; f++) this.#features[f] = f;
    this.#nodeCount = 0;
    this.#entryCount = 0;
    let allWeight = 0;
    let top = this.#push(0, 0, count, 0, -1);
    while (top > 0) {
      top -= 4;
      const begin = stack[top];
      const end = stack[top + 1];
      const depth = stack[top + 2];
      const parent = stack[top + 3];
      const node = this.#nodeCount++;
      // The left child is grown right after its parent; whoever comes later is the right one.
      if (parent >= 0 && node !== parent + 1) this.#right[parent] = node;
      splitter.enter(samples, begin, end, this.#labels, weights);
      if (node === 0) allWeight = splitter.weight;
      const final =
        depth >= maxDepth ||
        end - begin < 2 * minSamplesLeaf ||
        splitter.squares === splitter.weight * splitter.weight;
      if (final || !this.#findSplit(random)) {
        this.#closeLeaf(node);
        continue;
      }
      this.#feature[node] = splitter.feature;
      this.#threshold[node] = this.#binned.edges[splitter.feature][splitter.edge];
      this.#left[node] = node + 1;
      // Rounding must not turn a split that gains nothing into one that loses.
      const gain = splitter.score - splitter.squares / splitter.weight;
      this.#gain[node] = Math.max(0, gain) / allWeight;
      const middle = this.#partition(begin, end);
      top = this.#push(top, middle, end, depth + 1, node);
      top = this.#push(top, begin, middle, depth + 1, node);
    }
    return {
      feature: this.#feature.slice(0, this.#nodeCount),
      threshold: this.#threshold.slice(0, this.#nodeCount),
      left: this.#left.slice(0, this.#nodeCount),
      right: this.#right.slice(0, this.#nodeCount),
      gain: this.#gain.slice(0, this.#nodeCount),
      targets: this.#targets.slice(0, this.#entryCount),
      weights: this.#weights.slice(0, this.#entryCount),
    };
  }

  #push(top: number, begin: number, end: number, depth: number, parent: number): number {
    this.#stack[top] = begin;
    this.#stack[top + 1] = end;
    this.#stack[top + 2] = depth;
    this.#stack[top + 3] = parent;
    return top + 4;
  }

  /**
   * Searches features drawn at random, without putting them back. Drawing goes on past
   * `featuresPerSplit` until one can split the node. Returns whether any could.
   */
  #findSplit(random: Random): boolean {
    const features = this.#features;
    const splitter = this.#splitter;
    const { featuresPerSplit } = this.#limits;
    for (let drawn = 0; drawn < features.length; drawn++) {
      if (drawn >= featuresPerSplit && splitter.feature >= 0) break;
      const pick = drawn + random.integer(features.length - drawn);
      const feature = features[pick];
      features[pick] = features[drawn];
      features[drawn] = feature;
      splitter.search(feature);
    }
    return splitter.feature >= 0;
  }

  /** Moves the samples that go left to the front of the node; returns where the others begin. */
  #partition(begin: number, end: number): number {
    const samples = this.#samples;
    const { codes, rows } = this.#binned;
    const { edge, feature } = this.#splitter;
    const offset = feature * rows;
    let low = begin;
    let high = end - 1;
    while (low <= high) {
      const sample = samples[low];
      if (codes[offset + sample] <= edge) {
        low++;
      } else {
        samples[low] = samples[high];
        samples[high--] = sample;
      }
    }
    return low;
  }

  #closeLeaf(node: number): void {
    const { classWeight, weight } = this.#splitter;
    this.#feature[node] = -1;
    this.#threshold[node] = 0;
    this.#gain[node] = 0;
    this.#left[node] = this.#entryCount;
    for (let c = 0; c < classWeight.length; c++) {
      if (classWeight[c] === 0) continue;
      this.#targets[this.#entryCount] = c;
      this.#weights[this.#entryCount++] = classWeight[c] / weight;
    }
    this.#right[node] = this.#entryCount;
  }
}
