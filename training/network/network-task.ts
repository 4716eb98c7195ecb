import { readFile, rename, writeFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { type MessagePort, workerData } from 'node:worker_threads';
import { argmaxRows, type Matrix } from '../matrix.ts';
import { classificationReport } from '../metrics.ts';
import type { NetworkWeights } from './architecture.ts';
import { type BandScaling, fitBandScaling } from './batches.ts';
import type { CurvePoint } from './checkpoint.ts';
import { fitNetwork, type NetworkRecipe } from './fit.ts';
import { predictClips } from './predict.ts';
import type { Spectrograms } from './spectrogram-store.ts';

/** What every worker shares: the spectrograms of each corpus and the class of each clip. */
export type SharedCorpora = Readonly<
  Record<string, { readonly spectrograms: Spectrograms; readonly labels: Int32Array }>
>;

/** Clips of a corpus by their numbers in it. */
export interface ClipSelection {
  readonly corpus: string;
  readonly rows: Int32Array;
}

export interface NetworkTask {
  readonly recipe: NetworkRecipe;
  readonly seed: number;
  /** What a batch is made of: so many clips of each selection. */
  readonly groups: readonly (ClipSelection & { readonly count: number })[];
  /** File of another task's result to begin with. */
  readonly start: string | null;
  /** Files of the checkpoint and of the result. */
  readonly checkpoint: string;
  readonly result: string;
  /** Clips whose recall is shown while training. It decides nothing. */
  readonly watch: ClipSelection | null;
}

/** What a task leaves on disk. */
export interface NetworkResult {
  readonly weights: NetworkWeights;
  readonly scaling: BandScaling;
  readonly values: Float32Array;
  readonly curve: readonly CurvePoint[];
}

/** Steps between two checkpoints: about a minute. */
const INTERVAL = 400;

export interface NetworkJob {
  readonly task: NetworkTask;
  /** Points of the curve go out; the first message that comes in stops the fit. */
  readonly port: MessagePort;
}

/** Fits a network and writes the result. This is the task of a thread. */
export default async function run({ task, port }: NetworkJob): Promise<void> {
  const stop = new AbortController();
  port.on('message', () => stop.abort());
  try {
    const result = await fit(task, port, stop.signal);
    await writeFile(`${task.result}.partial`, serialize(result));
    await rename(`${task.result}.partial`, task.result);
  } finally {
    port.close();
  }
}

async function fit(
  task: NetworkTask,
  port: MessagePort,
  signal: AbortSignal,
): Promise<NetworkResult> {
  const corpora: SharedCorpora = workerData[1] ?? workerData;
  const start = task.start ? await readResult(task.start) : null;
  const groups = task.groups.map(({ corpus, rows, count }) => ({
    ...corpora[corpus],
    rows,
    count,
  }));
  // A start keeps the scaling that its first layer learnt with.
  const scaling = start?.scaling ?? fitBandScaling(groups, task.recipe.shape.bands);
  const { watch } = task;
  const fitted = await fitNetwork({
    ...{ recipe: task.recipe, seed: task.seed, checkpoint: task.checkpoint, interval: INTERVAL },
    ...{ groups, scaling, start: start?.values, signal },
    watch: async (weights) => {
      if (!watch) return null;
      const { spectrograms, labels } = corpora[watch.corpus];
      const predicted = await predictClips({ weights, scaling }, spectrograms, watch.rows);
      return recallOf(predicted, labels, watch.rows);
    },
    onProgress: (point) => port.postMessage(point),
  });
  return { ...fitted, scaling };
}

/** Returns what a finished task left. Throws when there is none. */
export async function readResult(path: string): Promise<NetworkResult> {
  return deserialize(await readFile(path));
}

function recallOf(predicted: Matrix, labels: Int32Array, rows: Int32Array): number {
  const expected = rows.map((row) => labels[row]);
  const report = classificationReport(expected, argmaxRows(predicted), predicted.columns);
  return report.unweightedAverageRecall;
}
