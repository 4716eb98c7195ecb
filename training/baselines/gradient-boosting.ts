import { setImmediate } from 'node:timers/promises';
import { type Matrix, zeros } from '../../evaluation/matrix.ts';
import { createRandom, type Random } from '../random.ts';
import {
  Margins,
  PackedPairs,
  softmaxPairs,
  softmaxRows,
  startingMargins,
} from './boosting-objective.ts';
import { TreeGrower } from './boosting-tree.ts';
import { type Classifier, checkColumns, checkSamples, checkWeights } from './preprocessing.ts';
import { addTree, type Binned, bin, type TreeArrays } from './tree.ts';

/** Options of gradient boosting, with XGBoost's names for them where they differ. */
export interface BoostingOptions {
  /** How many times every class gets a tree, at most (`num_boost_round`). Default 100. */
  readonly rounds?: number;
  /** Splits from the root to a leaf at most (`max_depth`). Default 5. */
  readonly maxDepth?: number;
  /** What every leaf weight is multiplied by, in (0, 1] (`eta`). Default 0.3. */
  readonly learningRate?: number;
  /** L2 penalty on leaf weights. Default 1. */
  readonly lambda?: number;
  /** L1 penalty on leaf weights. Default 0. */
  readonly alpha?: number;
  /** The gain that a split brings at least (`min_split_loss`). Default 0. */
  readonly gamma?: number;
  /** The sum of hessians that either side of a split has at least. Default 1. */
  readonly minChildWeight?: number;
  /** The probability with which each tree sees a sample, in (0, 1]. Default 1. */
  readonly subsample?: number;
  /** The share of the features that each tree sees, in (0, 1] (`colsample_bytree`). Default 1. */
  readonly columnSample?: number;
  /** Bins a feature, from 2 to 256 (`max_bin`). Default 256. */
  readonly maxBins?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Columns of the probabilities. Default 8. */
  readonly classCount?: number;
  /**
   * Samples that stop the fit early: the rounds up to the one with the lowest cross-entropy on them
   * are kept, and `patience` rounds without a better one end the fit. Give samples set aside from
   * the training ones, never those that the model is judged on.
   */
  readonly earlyStopping?: {
    readonly X: Matrix;
    readonly y: Int32Array;
    readonly patience: number;
  };
  /** Called after every round. */
  readonly onRound?: (report: RoundReport) => void;
  /** Ends the fit, between two rounds, with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface RoundReport {
  /** Counted from 1. */
  readonly round: number;
  /** Mean cross-entropy of the training samples after this round, in nats. */
  readonly trainingLoss: number;
  /** That of the samples of `earlyStopping`, where there are any. */
  readonly validationLoss?: number;
}

export type ResolvedOptions = Required<Omit<BoostingOptions, OptionalKeys>> &
  Pick<BoostingOptions, OptionalKeys>;
type OptionalKeys = 'earlyStopping' | 'onRound' | 'signal';

const DEFAULTS = {
  rounds: 100,
  maxDepth: 5,
  learningRate: 0.3,
  lambda: 1,
  alpha: 0,
  gamma: 0,
  minChildWeight: 1,
  subsample: 1,
  columnSample: 1,
  maxBins: 256,
  seed: 0,
  classCount: 8,
};

/** A tree names its class in a byte. */
const MOST_CLASSES = 256;
const MOST_BINS = 256;

/** Returns the options with their defaults. Throws a RangeError on one that is out of range. */
export function resolveOptions(options: BoostingOptions): ResolvedOptions {
  const resolved = { ...DEFAULTS, ...options };
  const integer = (name: keyof typeof DEFAULTS, least: number, most = Number.MAX_SAFE_INTEGER) => {
    const value = resolved[name];
    if (!(Number.isInteger(value) && value >= least && value <= most)) {
      const upTo = most === Number.MAX_SAFE_INTEGER ? 'up' : `to ${most}`;
      throw new RangeError(`${name} is ${value}; it takes an integer from ${least} ${upTo}`);
    }
  };
  integer('rounds', 1);
  integer('maxDepth', 1);
  integer('maxBins', 2, MOST_BINS);
  integer('classCount', 1, MOST_CLASSES);
  for (const name of ['learningRate', 'subsample', 'columnSample'] as const) {
    if (!(resolved[name] > 0 && resolved[name] <= 1)) {
      throw new RangeError(`${name} is ${resolved[name]}; it takes a number in (0, 1]`);
    }
  }
  for (const name of ['lambda', 'alpha', 'gamma', 'minChildWeight'] as const) {
    if (!(resolved[name] >= 0 && Number.isFinite(resolved[name]))) {
      throw new RangeError(`${name} is ${resolved[name]}; it takes a number from 0 up`);
    }
  }
  const patience = resolved.earlyStopping?.patience ?? 1;
  if (!(Number.isInteger(patience) && patience >= 1)) {
    throw new RangeError(`patience is ${patience}; it takes an integer from 1 up`);
  }
  return resolved;
}

/** Fitted boosted trees as plain data: they can be posted between workers. */
export interface BoostingModel {
  readonly classCount: number;
  readonly featureCount: number;
  /** How many rounds were kept. */
  readonly rounds: number;
  /** The margin that each class starts from; the trees add to it. */
  readonly baseScores: Float32Array;
  /** Round by round one tree for each class that occurs; a leaf has one entry, whose target is the class. */
  readonly trees: readonly TreeArrays[];
}

/** XGBoost's default `base_score` for `multi:softprob`. */
const BASE_SCORE = 0.5;
/** The margin of a class that does not occur: its softmax is 0 next to any other. */
const ABSENT_SCORE = -1e9;

/**
 * Gradient-boosted trees in the XGBoost formulation (Chen and Guestrin 2016, "XGBoost: A Scalable
 * Tree Boosting System"): softmax cross-entropy (`multi:softprob`), second-order leaf weights and
 * gains with L1 and L2 penalties, one tree a class and round, splits searched on histograms of
 * features binned to quantiles (`tree_method: hist`).
 *
 * The same data, options and seed give the same trees. A class that does not occur in `y` gets no
 * trees and the probability 0.
 *
 * The constructor throws a RangeError on options out of range.
 *
 * @example
 * const booster = await new GradientBoostingClassifier({ rounds: 100, maxDepth: 5, seed: 42 }).fit(X, y);
 * booster.predictProbabilities(unseen); // samples × 8
 */
export class GradientBoostingClassifier implements Classifier {
  readonly options: ResolvedOptions;
  #model: BoostingModel | undefined;

  constructor(options: BoostingOptions = {}) {
    this.options = resolveOptions(options);
  }

  /**
   * Learns from the samples; `sampleWeights`, where given, says how much each one counts (finite,
   * not negative, not all 0). Between two rounds other work on the thread gets its turn.
   *
   * Throws a RangeError on shapes that do not fit, labels out of range and values that are not
   * finite, and the signal's reason when it is aborted.
   */
  async fit(X: Matrix, y: Int32Array, sampleWeights?: ArrayLike<number>): Promise<this> {
    const { classCount, earlyStopping, rounds, onRound, signal } = this.options;
    checkSamples(X, y, classCount);
    if (sampleWeights) checkWeights(sampleWeights, X.rows);
    if (earlyStopping) {
      checkSamples(earlyStopping.X, earlyStopping.y, classCount);
      checkColumns(earlyStopping.X, X.columns);
    }
    const classes = [...new Set(y)].sort((a, b) => a - b);
    const baseScores = new Float32Array(classCount).fill(ABSENT_SCORE);
    for (const c of classes) baseScores[c] = BASE_SCORE;
    const training = new Margins(X, y, baseScores, sampleWeights);
    const validation = earlyStopping && new Margins(earlyStopping.X, earlyStopping.y, baseScores);
    const growRound = this.#prepare(bin(X, this.options.maxBins), training, classes);

    const trees: TreeArrays[] = [];
    let best = { round: rounds, loss: Number.POSITIVE_INFINITY };
    for (let round = 1; round <= rounds; round++) {
      await setImmediate();
      signal?.throwIfAborted();
      const grown = growRound(round);
      trees.push(...grown);
      const trainingLoss = training.add(grown);
      if (!(earlyStopping && validation)) {
        onRound?.({ round, trainingLoss });
        continue;
      }
      const validationLoss = validation.add(grown);
      if (validationLoss < best.loss) best = { round, loss: validationLoss };
      onRound?.({ round, trainingLoss, validationLoss });
      if (round - best.round >= earlyStopping.patience) break;
    }
    return this.use({
      classCount,
      featureCount: X.columns,
      rounds: best.round,
      baseScores,
      trees: trees.slice(0, best.round * classes.length),
    });
  }

  /** Takes over a model that was fitted elsewhere and returns itself. */
  use(model: BoostingModel): this {
    this.#model = model;
    return this;
  }

  /** The fitted trees as plain data. Throws an Error before `fit`. */
  get model(): BoostingModel {
    if (!this.#model) throw new Error('the booster is not fitted: call fit first');
    return this.#model;
  }

  /**
   * The gain of all splits on each feature (XGBoost's `total_gain`) as a share of the whole: they
   * sum to 1, or are all 0 when no tree splits.
   */
  get featureImportances(): Float64Array {
    const gains = new Float64Array(this.model.featureCount);
    let total = 0;
    for (const { feature, gain } of this.model.trees) {
      for (let i = 0; i < feature.length; i++) {
        if (feature[i] < 0) continue;
        gains[feature[i]] += gain[i];
        total += gain[i];
      }
    }
    return total > 0 ? gains.map((gain) => gain / total) : gains;
  }

  /** Returns samples × classes. Throws an Error before `fit`, a RangeError on other features. */
  predictProbabilities(X: Matrix): Matrix {
    const { classCount, featureCount, baseScores, trees } = this.model;
    checkColumns(X, featureCount);
    const margins = startingMargins(X.rows, baseScores);
    for (const tree of trees) addTree(tree, X, margins, classCount);
    const probabilities = zeros(X.rows, classCount);
    softmaxRows(margins, classCount, probabilities.data);
    return probabilities;
  }

  /** Returns what grows the trees of one round, one for each of `classes`. */
  #prepare(
    binned: Binned,
    training: Margins,
    classes: readonly number[],
  ): (round: number) => TreeArrays[] {
    const { classCount, subsample, columnSample, seed } = this.options;
    const grower = new TreeGrower(binned, this.options);
    const { y, probabilities, weights } = training;
    const pairs = new Float64Array(2 * binned.rows);
    const packed = new PackedPairs(binned.rows);
    const everySample = Int32Array.from({ length: binned.rows }, (_, i) => i);
    // A constant feature can never split.
    const usable = Int32Array.from(binned.edges.keys()).filter((f) => binned.edges[f].length > 0);
    return (round) =>
      classes.map((c) => {
        const random = createRandom(seed, (round - 1) * classCount + c);
        const samples = drawSamples(everySample, subsample, random);
        const features = drawFeatures(usable, columnSample, random);
        softmaxPairs(probabilities, y, classCount, c, weights, pairs);
        return grower.grow({ pairs: packed.pack(pairs), samples, features, target: c });
      });
  }
}

/** Returns each of `samples` with the given probability, in their order. */
export function drawSamples(samples: Int32Array, probability: number, random: Random): Int32Array {
  return probability === 1 ? samples : samples.filter(() => random.uniform() < probability);
}

/** Returns a share of `features` drawn at random (rounded down, at least one), in ascending order. */
export function drawFeatures(features: Int32Array, share: number, random: Random): Int32Array {
  if (share === 1) return features;
  const count = Math.max(1, Math.floor(share * features.length));
  return random.shuffle(features.slice()).slice(0, count).sort();
}
