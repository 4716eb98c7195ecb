import { setImmediate } from 'node:timers/promises';
import { type Matrix, zeros } from '../matrix.ts';
import { createRandom } from '../random.ts';
import { type Binned, bin } from './binning.ts';
import { checkColumns, checkSamples, checkWeights } from './boosting/checks.ts';
import { drawFeatures, drawSamples } from './boosting/draws.ts';
import { Margins, startingMargins } from './boosting/margins.ts';
import { PackedPairs } from './boosting/packed-pairs.ts';
import {
  type BoostingOptions,
  type ResolvedOptions,
  resolveOptions,
} from './boosting/parameters.ts';
import { softmaxPairs, softmaxRows } from './boosting/softmax-objective.ts';
import { TreeGrower } from './boosting/tree-grower.ts';
import type { Classifier } from './estimator.ts';
import { addTree, type TreeArrays } from './tree.ts';

export type { BoostingOptions, RoundReport } from './boosting/parameters.ts';

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
