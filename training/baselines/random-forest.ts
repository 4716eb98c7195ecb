import { type Matrix, zeros } from '../../evaluation/matrix.ts';
import { createRandom } from '../random.ts';
import { GiniTreeGrower } from './gini-tree.ts';
import { type Classifier, checkColumns, checkSamples } from './preprocessing.ts';
import { addTree, bin, featureImportances, type TreeArrays } from './tree.ts';

export interface RandomForestOptions {
  /** How many trees. Default 300. */
  readonly trees?: number;
  /** Splits from the root to a leaf at most. Default Infinity. */
  readonly maxDepth?: number;
  /** Distinct samples that a leaf holds at least. Default 1. */
  readonly minSamplesLeaf?: number;
  /**
   * Features drawn for each split: the square root or the base-2 logarithm of their number, or a
   * fraction in (0, 1] of it; rounded down, at least 1. Default 'sqrt'.
   */
  readonly maxFeatures?: 'sqrt' | 'log2' | number;
  /** Whether a tree learns from as many samples drawn with replacement. Default true. */
  readonly bootstrap?: boolean;
  /** Default 0. */
  readonly seed?: number;
  /** Columns of the probabilities. Default 8. */
  readonly classCount?: number;
}

/** A fitted forest as plain data: it can be posted between workers. */
export interface Forest {
  readonly classCount: number;
  readonly featureCount: number;
  /** A leaf's entries are the classes in it and their shares, which sum to 1. */
  readonly trees: readonly TreeArrays[];
}

/**
 * A random forest (Breiman 2001) of Gini trees on features binned to 256 values, with
 * scikit-learn's meaning of every option: a split looks at `maxFeatures` features drawn at random,
 * and at more of them while none can split the node.
 *
 * Tree t depends on nothing but the data, the options and (seed, t): workers may grow disjoint
 * ranges with `grow`, and the forest put together with `use` is the one that `fit` gives.
 *
 * Throws a RangeError on options out of range or shapes that do not fit.
 *
 * @example
 * const forest = new RandomForestClassifier({ trees: 300, seed: 42 }).fit(X, y);
 * forest.predictProbabilities(unseen); // samples × 8
 */
export class RandomForestClassifier implements Classifier {
  readonly options: Required<RandomForestOptions>;
  #forest: Forest | undefined;

  constructor(options: RandomForestOptions = {}) {
    this.options = {
      trees: 300,
      maxDepth: Number.POSITIVE_INFINITY,
      minSamplesLeaf: 1,
      maxFeatures: 'sqrt',
      bootstrap: true,
      seed: 0,
      classCount: 8,
      ...options,
    };
    const { trees, maxDepth, minSamplesLeaf, maxFeatures, classCount } = this.options;
    atLeastOne('trees', trees);
    if (maxDepth !== Number.POSITIVE_INFINITY) atLeastOne('maxDepth', maxDepth);
    atLeastOne('minSamplesLeaf', minSamplesLeaf);
    atLeastOne('classCount', classCount);
    if (classCount > 256) throw new RangeError(`classCount is ${classCount}; the most is 256`);
    if (typeof maxFeatures === 'number' && !(maxFeatures > 0 && maxFeatures <= 1)) {
      throw new RangeError(`maxFeatures is ${maxFeatures}; a fraction lies in (0, 1]`);
    }
  }

  fit(X: Matrix, y: Int32Array): this {
    return this.use({
      classCount: this.options.classCount,
      featureCount: X.columns,
      trees: this.grow(X, y, 0, this.options.trees),
    });
  }

  /** Returns the trees `from` up to `to` (exclusive) of the forest that `fit` would grow. */
  grow(X: Matrix, y: Int32Array, from: number, to: number): TreeArrays[] {
    const { classCount, maxDepth, minSamplesLeaf, maxFeatures, bootstrap, seed } = this.options;
    checkSamples(X, y, classCount);
    const featuresPerSplit = countFeatures(maxFeatures, X.columns);
    const limits = { maxDepth, minSamplesLeaf, featuresPerSplit };
    const grower = new GiniTreeGrower(bin(X), y, classCount, limits);
    const weight = new Int32Array(X.rows);
    const trees: TreeArrays[] = [];
    for (let t = from; t < to; t++) {
      const random = createRandom(seed, t);
      weight.fill(bootstrap ? 0 : 1);
      if (bootstrap) for (let i = 0; i < X.rows; i++) weight[random.integer(X.rows)]++;
      trees.push(grower.grow(random, weight));
    }
    return trees;
  }

  /** Takes over a forest that was grown elsewhere and returns itself. */
  use(forest: Forest): this {
    if (forest.trees.length === 0) throw new RangeError('a forest has at least one tree');
    this.#forest = forest;
    return this;
  }

  /** The fitted forest as plain data. Throws an Error before `fit`. */
  get forest(): Forest {
    if (!this.#forest) throw new Error('the forest is not fitted: call fit first');
    return this.#forest;
  }

  /** The mean decrease in impurity of each feature; they sum to 1. */
  get featureImportances(): Float64Array {
    return featureImportances(this.forest.trees, this.forest.featureCount);
  }

  /** Returns samples × classes: the mean over the trees of the class shares in the leaf reached. */
  predictProbabilities(X: Matrix): Matrix {
    const { trees, classCount, featureCount } = this.forest;
    checkColumns(X, featureCount);
    const sums = new Float64Array(X.rows * classCount);
    for (const tree of trees) addTree(tree, X, sums, classCount);
    const probabilities = zeros(X.rows, classCount);
    for (let i = 0; i < sums.length; i++) probabilities.data[i] = sums[i] / trees.length;
    return probabilities;
  }
}

function countFeatures(maxFeatures: 'sqrt' | 'log2' | number, features: number): number {
  const share =
    maxFeatures === 'sqrt'
      ? Math.sqrt(features)
      : maxFeatures === 'log2'
        ? Math.log2(features)
        : maxFeatures * features;
  return Math.max(1, Math.floor(share));
}

function atLeastOne(name: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 1)) {
    throw new RangeError(`${name} is ${value}; it takes an integer of at least 1`);
  }
}
