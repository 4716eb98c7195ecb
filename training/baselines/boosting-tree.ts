import type { PackedPairs } from './boosting-objective.ts';
import {
  findSplit,
  HistogramBuilder,
  leafWeight,
  type Penalties,
  type Split,
} from './boosting-splits.ts';
import type { Binned, TreeArrays } from './tree.ts';

export interface GrowthOptions extends Penalties {
  /** Splits from the root to a leaf at most. */
  readonly maxDepth: number;
  /** What every leaf weight is multiplied by. */
  readonly learningRate: number;
}

/** What one tree learns from. */
export interface TreeTask {
  /** The gradient pairs of all samples of the matrix. */
  readonly pairs: PackedPairs;
  /** The samples to grow on. */
  readonly samples: Int32Array;
  /** The features that may split, in ascending order. */
  readonly features: Int32Array;
  /** What the leaves add to. */
  readonly target: number;
}

interface Node {
  readonly id: number;
  readonly depth: number;
  /** Its samples stand from `begin` to `end` (exclusive). */
  readonly begin: number;
  readonly end: number;
  /** The packed sum of their pairs. */
  readonly sum: number;
  histogram?: Float64Array;
  split?: Split | undefined;
}

/**
 * Grows regression trees on gradient pairs, depth first, by the histogram method.
 *
 * Only the smaller child of a split is summed up anew; the larger one is its parent less that, in
 * the parent's own array. So one histogram for each depth is enough, and one grower, with buffers
 * made once, serves all trees.
 *
 * @example
 * const options = { maxDepth: 5, learningRate: 0.3, lambda: 1, alpha: 0, gamma: 0, minChildWeight: 1 };
 * const grower = new TreeGrower(bin(X), options);
 * const tree = grower.grow({ pairs: packed.pack(pairs), samples, features, target: 0 });
 */
export class TreeGrower {
  readonly #binned: Binned;
  readonly #options: GrowthOptions;
  readonly #builder: HistogramBuilder;
  readonly #histograms: Float64Array[] = [];
  readonly #nodes: NodeSamples;

  constructor(binned: Binned, options: GrowthOptions) {
    this.#binned = binned;
    this.#options = options;
    this.#builder = new HistogramBuilder(binned);
    this.#nodes = new NodeSamples(binned.rows);
  }

  grow(task: TreeTask): TreeArrays {
    const writer = new TreeWriter(task.target);
    const sum = this.#nodes.load(task.samples, task.pairs.values);
    const root: Node = { id: writer.add(), depth: 0, begin: 0, end: task.samples.length, sum };
    if (this.#maySplit(root, task)) {
      this.#sumUp(root, task);
      this.#search(root, task);
    }
    this.#expand(root, task, writer);
    return writer.finish();
  }

  #expand(node: Node, task: TreeTask, writer: TreeWriter): void {
    const { split } = node;
    if (!split) {
      const { gradient, hessian } = task.pairs.unpack(node.sum);
      const weight = leafWeight(gradient, hessian, this.#options);
      writer.leaf(node.id, this.#options.learningRate * weight);
      return;
    }
    const { feature, bin, gain } = split;
    const { codes, edges, rows } = this.#binned;
    const middle = this.#nodes.partition(node.begin, node.end, codes, feature * rows, bin);
    const depth = node.depth + 1;
    const left: Node = {
      id: writer.add(),
      depth,
      begin: node.begin,
      end: middle,
      sum: split.left,
    };
    const right: Node = {
      id: writer.add(),
      depth,
      begin: middle,
      end: node.end,
      sum: node.sum - split.left,
    };
    writer.branch(node.id, feature, edges[feature][bin], left.id, right.id, gain);
    const leftIsSmaller = middle - node.begin <= node.end - middle;
    const [smaller, larger] = leftIsSmaller ? [left, right] : [right, left];
    this.#searchChildren(node, smaller, larger, task);
    // Only the descendants of the smaller one use histograms of greater depth, so that of the larger
    // one, in its parent's array, waits unharmed.
    this.#expand(smaller, task, writer);
    this.#expand(larger, task, writer);
  }

  #searchChildren(parent: Node, smaller: Node, larger: Node, task: TreeTask): void {
    const smallerMay = this.#maySplit(smaller, task);
    const largerMay = this.#maySplit(larger, task);
    if (!smallerMay && !largerMay) return;
    const sums = this.#sumUp(smaller, task);
    if (smallerMay) this.#search(smaller, task);
    if (largerMay) {
      larger.histogram = parent.histogram!;
      this.#builder.subtract(larger.histogram, sums, task.features);
      this.#search(larger, task);
    }
  }

  #maySplit({ depth, begin, end, sum }: Node, { pairs }: TreeTask): boolean {
    const { maxDepth, minChildWeight } = this.#options;
    if (depth >= maxDepth || end - begin < 2) return false;
    return pairs.unpack(sum).hessian >= 2 * minChildWeight;
  }

  #sumUp(node: Node, { features }: TreeTask): Float64Array {
    this.#histograms[node.depth] ??= this.#builder.allocate();
    node.histogram = this.#histograms[node.depth];
    const { samples, pairs } = this.#nodes;
    this.#builder.fill(node.histogram, features, samples, pairs, node.begin, node.end);
    return node.histogram;
  }

  #search(node: Node, { features, pairs }: TreeTask): void {
    const { offsets } = this.#builder;
    node.split = findSplit(node.histogram!, offsets, features, node.sum, pairs, this.#options);
  }
}

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

/** Collects the nodes of one tree whose leaves each add one weight to the same target. */
export class TreeWriter {
  readonly #target: number;
  readonly #feature: number[] = [];
  readonly #threshold: number[] = [];
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #gain: number[] = [];
  readonly #weights: number[] = [];

  constructor(target: number) {
    this.#target = target;
  }

  /** Makes room for a node, to be filled in by `branch` or `leaf`, and returns its number. */
  add(): number {
    return this.#feature.push(-1) - 1;
  }

  branch(
    node: number,
    feature: number,
    threshold: number,
    left: number,
    right: number,
    gain: number,
  ): void {
    this.#feature[node] = feature;
    this.#threshold[node] = threshold;
    this.#left[node] = left;
    this.#right[node] = right;
    this.#gain[node] = gain;
  }

  leaf(node: number, weight: number): void {
    this.#threshold[node] = 0;
    this.#left[node] = this.#weights.push(weight) - 1;
    this.#right[node] = this.#weights.length;
    this.#gain[node] = 0;
  }

  finish(): TreeArrays {
    return {
      feature: Int32Array.from(this.#feature),
      threshold: Float32Array.from(this.#threshold),
      left: Int32Array.from(this.#left),
      right: Int32Array.from(this.#right),
      gain: Float32Array.from(this.#gain),
      targets: new Uint8Array(this.#weights.length).fill(this.#target),
      weights: Float32Array.from(this.#weights),
    };
  }
}
