import type { Forest } from '../estimators/random-forest.ts';
import { type EnsembleTree, treeEnsemble } from './ensemble.ts';
import type { GraphBuilder, Value } from './graph.ts';

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
