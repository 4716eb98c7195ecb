import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../../lib/files.ts';
import { ThreadPool } from '../../lib/threads.ts';
import { sha256 } from '../corpus/extract.ts';
import type { FitJob, FitResult, FitTask, SharedSamples } from './fit-task.ts';

/** Raise this when a change of the code makes the results of earlier runs wrong. */
const RESULT_VERSION = 2;

export type Prediction = Omit<FitResult, 'model' | 'scaling'>;

export interface JobOptions {
  readonly workers: number;
  /** Results are kept here, so that a stopped run can resume. */
  readonly folder: string;
  readonly onDone?: () => void;
  readonly signal: AbortSignal;
}

/**
 * Runs fit tasks on a pool of workers that share the samples, and keeps every result on disk under
 * the hash of all that it depends on: samples, task and code version.
 */
export class JobRunner {
  readonly #pool: ThreadPool<FitJob, Prediction | FitResult>;
  readonly #options: JobOptions;
  readonly #samplesHash: string;

  private constructor(samples: SharedSamples, options: JobOptions) {
    this.#options = options;
    this.#samplesHash = sha256(bytesOf(samples.X.data)) + sha256(bytesOf(samples.y));
    this.#pool = new ThreadPool('./fit-task', import.meta.url, {
      workerData: samples,
      threads: options.workers,
      signal: options.signal,
    });
  }

  static async start(samples: SharedSamples, options: JobOptions): Promise<JobRunner> {
    await mkdir(options.folder, { recursive: true });
    return new JobRunner(shared(samples), options);
  }

  /** Fits on the training rows and predicts the test rows, or returns what was predicted before. */
  async predict(task: FitTask): Promise<Prediction> {
    this.#options.signal.throwIfAborted();
    const path = join(this.#options.folder, `${this.#key(task)}.json`);
    const known = await readPrediction(path);
    const prediction = known ?? (await this.#run(task, false));
    if (!known) await writePrediction(path, prediction);
    this.#options.onDone?.();
    return prediction;
  }

  /** Fits on the training rows and returns the model too; it is not kept on disk. */
  async fit(task: FitTask): Promise<FitResult> {
    const result = (await this.#run(task, true)) as FitResult;
    this.#options.onDone?.();
    return result;
  }

  async stop(): Promise<void> {
    await this.#pool.close();
  }

  #run(task: FitTask, wantsModel: boolean): Promise<Prediction | FitResult> {
    return this.#pool.run({ task, wantsModel });
  }

  #key({ train, test, ...rest }: FitTask): string {
    const rows = [sha256(bytesOf(train)), sha256(bytesOf(test))];
    return sha256(JSON.stringify([RESULT_VERSION, this.#samplesHash, rest, rows]));
  }
}

function shared({ X, y }: SharedSamples): SharedSamples {
  const data = new Float32Array(new SharedArrayBuffer(X.data.byteLength));
  data.set(X.data);
  const labels = new Int32Array(new SharedArrayBuffer(y.byteLength));
  labels.set(y);
  return { X: { ...X, data }, y: labels };
}

function bytesOf(array: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

async function readPrediction(path: string): Promise<Prediction | null> {
  try {
    const stored = JSON.parse(await readFile(path, 'utf8'));
    return { ...stored, probabilities: Float32Array.from(stored.probabilities) };
  } catch {
    return null;
  }
}

async function writePrediction(path: string, prediction: Prediction): Promise<void> {
  const probabilities = Array.from(prediction.probabilities);
  await writeAtomically(path, JSON.stringify({ ...prediction, probabilities }));
}
