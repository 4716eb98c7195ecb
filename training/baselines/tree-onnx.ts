import type { GraphBuilder, Value } from '../onnx/graph.ts';
import type { BoostingModel } from './gradient-boosting.ts';
import type { Forest } from './random-forest.ts';
import type { TreeArrays } from './tree.ts';

/** The parts of a tree that the graph needs; every leaf has exactly one entry. */
export type EnsembleTree = Pick<TreeArrays, 'feature' | 'threshold' | 'left' | 'right'> & {
  readonly targets: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
};

/** `nodes_modes`: go left when the feature is less than or equal to the split. */
const BRANCH_LEQ = 0;
/** `aggregate_function`: add the leaves reached. */
const SUM = 1;
/** `post_transform`. */
const NONE = 0;

/** A child in the operator's terms: the number of a node or, when `leaf` is 1, of a leaf. */
interface Child {
  readonly id: number;
  readonly leaf: 0 | 1;
}

/**
 * Appends a TreeEnsemble node (ai.onnx.ml 5) and returns, for each sample of `x` (samples ×
 * features), the float32 sums of the leaves that it reaches: samples × `targets`. A target that no
 * leaf names stays 0. This operator is a fraction of the size of TreeEnsembleClassifier, which
 * spells out every node's mode as a string.
 *
 * Throws a RangeError without trees, when a leaf has not exactly one entry, or when it names a
 * target out of range.
 *
 * @example
 * const margins = treeEnsemble(graph, x, booster.trees, { targets: 8 });
 * const probabilities = graph.node('Softmax', [margins], { axis: { int: 1 } });
 */
export function treeEnsemble(
  graph: GraphBuilder,
  x: Value,
  trees: readonly EnsembleTree[],
  { targets }: { readonly targets: number },
): Value {
  if (trees.length === 0) throw new RangeError('an ensemble has at least one tree');
  const writer = new EnsembleWriter(targets);
  for (const tree of trees) writer.write(tree);
  return writer.append(graph, x);
}

/** Collects trees in the operator's flat attributes, each tree depth-first. */
class EnsembleWriter {
  readonly #targetCount: number;
  readonly #roots: number[] = [];
  readonly #features: number[] = [];
  readonly #splits: number[] = [];
  readonly #left: Child[] = [];
  readonly #right: Child[] = [];
  readonly #leafTargets: number[] = [];
  readonly #leafWeights: number[] = [];
  /** For each target, the leaf that adds a given weight: leaves alike are stored once. */
  readonly #leaves: Map<number, Child>[];

  constructor(targetCount: number) {
    this.#targetCount = targetCount;
    this.#leaves = Array.from({ length: targetCount }, () => new Map());
  }

  write(tree: EnsembleTree): void {
    const root = this.#child(tree, 0);
    // A tree is named by a node. One that is a mere leaf gets a node with that leaf on both sides.
    this.#roots.push(root.leaf ? this.#branch(0, 0, root, root) : root.id);
  }

  append(graph: GraphBuilder, x: Value): Value {
    const nodes = this.#features.length;
    const leaves = this.#leafTargets.length;
    return graph.node(
      'TreeEnsemble',
      [x],
      {
        aggregate_function: { int: SUM },
        post_transform: { int: NONE },
        n_targets: { int: this.#targetCount },
        tree_roots: { ints: this.#roots },
        nodes_featureids: { ints: this.#features },
        nodes_splits: { tensor: { dims: [nodes], data: Float32Array.from(this.#splits) } },
        nodes_modes: { tensor: { dims: [nodes], data: new Uint8Array(nodes).fill(BRANCH_LEQ) } },
        nodes_truenodeids: { ints: this.#left.map(({ id }) => id) },
        nodes_trueleafs: { ints: this.#left.map(({ leaf }) => leaf) },
        nodes_falsenodeids: { ints: this.#right.map(({ id }) => id) },
        nodes_falseleafs: { ints: this.#right.map(({ leaf }) => leaf) },
        leaf_targetids: { ints: this.#leafTargets },
        leaf_weights: { tensor: { dims: [leaves], data: Float32Array.from(this.#leafWeights) } },
      },
      'ai.onnx.ml',
    );
  }

  #child(tree: EnsembleTree, node: number): Child {
    const { feature, threshold, left, right, targets, weights } = tree;
    if (feature[node] < 0) {
      const entry = left[node];
      if (right[node] - entry !== 1) {
        throw new RangeError(`leaf ${node} has ${right[node] - entry} entries; it takes one`);
      }
      return this.#leaf(targets[entry], Math.fround(weights[entry]));
    }
    const id = this.#branch(feature[node], threshold[node]);
    this.#left[id] = this.#child(tree, left[node]);
    this.#right[id] = this.#child(tree, right[node]);
    return { id, leaf: 0 };
  }

  #branch(feature: number, split: number, left?: Child, right?: Child): number {
    const id = this.#features.push(feature) - 1;
    this.#splits.push(split);
    if (left) this.#left[id] = left;
    if (right) this.#right[id] = right;
    return id;
  }

  #leaf(target: number, weight: number): Child {
    const leaves = this.#leaves[target];
    if (!leaves) throw new RangeError(`a leaf names target ${target} of ${this.#targetCount}`);
    let leaf = leaves.get(weight);
    if (!leaf) {
      leaf = { id: this.#leafTargets.push(target) - 1, leaf: 1 };
      this.#leafWeights.push(weight);
      leaves.set(weight, leaf);
    }
    return leaf;
  }
}

/** `TensorProto.DataType.INT64`. */
const INT64 = 7;

/**
 * Appends a fitted random forest and returns its probabilities, samples × classes: those of
 * `predictProbabilities` up to the rounding of float32 sums.
 *
 * A leaf of the operator adds one number to one target, but a leaf of a forest holds a share for
 * each class. So every tree is a target of its own and its leaves give the row of a table of class
 * shares; the rows found are averaged. Equal leaves share a row: a forest grown to pure leaves has
 * one row a class. (float32 counts rows exactly up to 2^24, far beyond what a model file can hold.)
 *
 * @example
 * const scaled = appendScaler(graph, x, scaler.scaling);
 * graph.output(appendForest(graph, scaled, classifier.forest), 'probabilities', ['n', 8]);
 */
export function appendForest(graph: GraphBuilder, x: Value, forest: Forest): Value {
  const { classCount } = forest;
  const table = new LeafTable(classCount);
  const trees = forest.trees.map((tree, t): EnsembleTree => {
    const { feature, threshold } = tree;
    const left = tree.left.slice();
    const right = tree.right.slice();
    const weights: number[] = [];
    for (let i = 0; i < feature.length; i++) {
      if (feature[i] >= 0) continue;
      const { targets, weights: shares } = tree;
      const row = new Float32Array(classCount);
      for (let e = tree.left[i]; e < tree.right[i]; e++) row[targets[e]] = shares[e];
      left[i] = weights.push(table.rowOf(row)) - 1;
      right[i] = left[i] + 1;
    }
    return { feature, threshold, left, right, targets: weights.map(() => t), weights };
  });
  const rows = treeEnsemble(graph, x, trees, { targets: trees.length });
  const indices = graph.node('Cast', [rows], { to: { int: INT64 } });
  const shares = graph.node('Gather', [table.constant(graph), indices]);
  return graph.node('ReduceMean', [shares, graph.integers([1])], { keepdims: { int: 0 } });
}

/** The distinct class shares of a forest's leaves. */
class LeafTable {
  readonly #classCount: number;
  readonly #values: number[] = [];
  readonly #rows = new Map<string, number>();

  constructor(classCount: number) {
    this.#classCount = classCount;
  }

  /** Returns the row that holds these shares, adding it when it is new. */
  rowOf(shares: Float32Array): number {
    const key = shares.join();
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = this.#rows.size;
      this.#rows.set(key, row);
      this.#values.push(...shares);
    }
    return row;
  }

  constant(graph: GraphBuilder): Value {
    return graph.constant([this.#rows.size, this.#classCount], Float32Array.from(this.#values));
  }
}

/**
 * Appends fitted boosted trees and returns their probabilities, samples × classes: those of
 * `predictProbabilities` up to the rounding of float32 sums.
 *
 * @example
 * const scaled = appendScaler(graph, x, scaler.scaling);
 * graph.output(appendBoosting(graph, scaled, booster.model), 'probabilities', ['n', 8]);
 */
export function appendBoosting(graph: GraphBuilder, x: Value, model: BoostingModel): Value {
  const { classCount, baseScores, trees } = model;
  const sums = treeEnsemble(graph, x, trees, { targets: classCount });
  const margins = graph.node('Add', [sums, graph.constant([classCount], baseScores)]);
  return graph.node('Softmax', [margins], { axis: { int: 1 } });
}
