import { workerData } from 'node:worker_threads';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { type Matrix, takeRows } from '../../evaluation/matrix.ts';
import { FAMILY, type Family, type FittedModel, type Parameters } from './families.ts';
import { type Scaling, StandardScaler, smote } from './preprocessing.ts';

/** The samples that all tasks of a pool share, in shared memory. */
export interface SharedSamples {
  readonly X: Matrix;
  readonly y: Int32Array;
}

/** Fit on some rows, predict others. */
export interface FitTask {
  readonly family: Family;
  readonly parameters: Parameters;
  readonly seed: number;
  readonly train: Int32Array;
  readonly test: Int32Array;
  /** Whether SMOTE fills up the rare classes; it does when left out. */
  readonly balance?: boolean;
}

export interface FitResult {
  /** Test rows × 8, row-major. */
  readonly probabilities: Float32Array;
  readonly featureImportances: readonly number[] | null;
  readonly learningCurve: readonly number[] | null;
  readonly scaling: Scaling;
  readonly model: FittedModel;
}

/**
 * Runs one task: scaler and SMOTE see the training rows only, then the classifier is fitted and
 * predicts the test rows. The same task gives the same result on any worker.
 */
export async function fitTask(
  { X, y }: SharedSamples,
  { family, parameters, seed, train, test, balance = true }: FitTask,
): Promise<FitResult> {
  const raw = takeRows(X, train);
  const scaler = new StandardScaler().fit(raw);
  const labels = Int32Array.from(train, (i) => y[i]);
  const scaled = { X: scaler.transform(raw), y: labels };
  const samples = balance ? smote(scaled.X, labels, { seed }) : scaled;
  const fitted = await FAMILY[family].fit(samples.X, samples.y, parameters, seed);
  const empty = { rows: 0, columns: EMOTION_COUNT, data: new Float32Array(0) };
  const predicted =
    test.length > 0
      ? await fitted.predictProbabilities(scaler.transform(takeRows(X, test)))
      : empty;
  return {
    probabilities: predicted.data,
    featureImportances: fitted.featureImportances,
    learningCurve: fitted.learningCurve,
    scaling: scaler.scaling,
    model: fitted.model,
  };
}

export interface FitJob {
  readonly task: FitTask;
  /** The model is posted back only when it is asked for. */
  readonly wantsModel: boolean;
}

/** The task of a thread. */
export default async function run({
  task,
  wantsModel,
}: FitJob): Promise<FitResult | Omit<FitResult, 'model' | 'scaling'>> {
  // Piscina wraps the data that the pool was given with its own port.
  const samples: SharedSamples = workerData[1] ?? workerData;
  const result = await fitTask(samples, task);
  if (wantsModel) return result;
  const { model: _, scaling: __, ...prediction } = result;
  return prediction;
}
