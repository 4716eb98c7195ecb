import type { Matrix } from '../../matrix.ts';

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
