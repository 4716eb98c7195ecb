import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { ThreadPool } from '../../lib/threads.ts';
import { sha256 } from '../corpus/extract.ts';
import type { CurvePoint, NetworkRecipe } from './fit.ts';
import {
  type ClipSelection,
  type NetworkJob,
  type NetworkResult,
  type NetworkTask,
  readResult,
  type SharedCorpora,
} from './network-task.ts';

/** Raise it when a change of the code makes results of earlier runs wrong. */
const VERSION = 5;

/** One network to fit. */
export interface Fit {
  /** What a person calls it: `fold 2, seed 1`. */
  readonly name: string;
  readonly recipe: NetworkRecipe;
  readonly seed: number;
  /** What a batch is made of: so many clips of each selection. */
  readonly groups: readonly (ClipSelection & { readonly count: number })[];
  /** Published weights to begin with, and what they are. */
  readonly init: { readonly path: string; readonly sha256: string } | null;
  readonly watch: ClipSelection | null;
}

export interface RunnerOptions {
  readonly folder: string;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: (fit: Fit, point: CurvePoint) => void;
}

/**
 * Fits networks on a pool of workers, one thread each. Every result and every checkpoint lies on
 * disk under the hash of what it depends on: a run that was stopped goes on where it was.
 */
export class NetworkRunner {
  readonly #pool: ThreadPool<NetworkJob, void>;
  readonly #options: RunnerOptions;

  private constructor(corpora: SharedCorpora, options: RunnerOptions) {
    this.#options = options;
    this.#pool = new ThreadPool('./network-task', import.meta.url, {
      workerData: corpora,
      threads: options.workers,
      signal: options.signal,
    });
  }

  static async start(corpora: SharedCorpora, options: RunnerOptions): Promise<NetworkRunner> {
    await mkdir(options.folder, { recursive: true });
    return new NetworkRunner(corpora, options);
  }

  /** Returns the result of a fit. Fits run in the order in which they are asked for. */
  async fit(fit: Fit): Promise<NetworkResult> {
    const key = keyOf(fit);
    const result = join(this.#options.folder, `${key}.network`);
    if (existsSync(result)) return readResult(result);
    const checkpoint = join(this.#options.folder, `${key}.checkpoint`);
    const { name: _, init, ...rest } = fit;
    const task: NetworkTask = { ...rest, init: init?.path ?? null, checkpoint, result };
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (point: CurvePoint) => this.#options.onProgress(fit, point));
    const { signal } = this.#options;
    const stop = () => port1.postMessage('stop');
    signal.addEventListener('abort', stop);
    try {
      await this.#pool.run({ task, port: port2 }, [port2]);
    } finally {
      signal.removeEventListener('abort', stop);
      port1.close();
    }
    await rm(checkpoint, { force: true });
    return readResult(result);
  }

  async stop(): Promise<void> {
    await this.#pool.close();
  }
}

/** What is watched decides nothing, and the name neither. */
export function keyOf({ recipe, seed, groups, init }: Fit): string {
  const selections = groups.map(({ corpus, rows, count }) => [corpus, Array.from(rows), count]);
  const parts = [VERSION, recipe, seed, selections, init?.sha256 ?? null];
  return sha256(JSON.stringify(parts)).slice(0, 24);
}
