import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { writeAtomically } from '../../lib/files.ts';
import { sha256 } from '../corpus/extract.ts';
import type { Selection } from './activations.ts';
import type { Probe, PublishedNetwork } from './probe.ts';
import type { Fit } from './runner.ts';

/** Raise it when a change of the code makes stored probes wrong. */
const VERSION = 2;

export interface ProbeStoreOptions {
  readonly folder: string;
  readonly network: PublishedNetwork;
  /** SHA-256 of the network's file. */
  readonly sha256: string;
  /** The clips that any probe learns from. */
  readonly selections: readonly Selection[];
  /** Seed of the degradations. */
  readonly seed: number;
}

/** Probes of one published network on disk, so that a run that was stopped does not fit them again. */
export class ProbeStore {
  readonly #options: ProbeStoreOptions;
  /** What all probes of this store depend on. */
  readonly #common: string;

  constructor(options: ProbeStoreOptions) {
    this.#options = options;
    const { sha256: published, selections, seed } = options;
    const clips = selections.map(({ corpus, rows, weights }) => [
      corpus.corpus.name,
      Array.from(rows, (row) => [corpus.clips[row].id, corpus.labels[row], weights[row]]),
    ]);
    this.#common = sha256(JSON.stringify([VERSION, FEATURE_CONFIG, published, seed, clips]));
  }

  /** Returns the probe of a fit, or null when there is none that can be read. */
  async read(fit: Pick<Fit, 'groups'>): Promise<Probe | null> {
    try {
      const { weight, bias } = deserialize(await readFile(this.#pathOf(fit)));
      return { network: this.#options.network, weight, bias };
    } catch {
      return null;
    }
  }

  async write(fit: Pick<Fit, 'groups'>, { weight, bias }: Probe): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    await writeAtomically(this.#pathOf(fit), serialize({ weight, bias }));
  }

  #pathOf({ groups }: Pick<Fit, 'groups'>): string {
    const taken = groups.map(({ corpus, rows, count }) => [corpus, Array.from(rows), count]);
    const key = sha256(JSON.stringify([this.#common, taken]));
    return join(this.#options.folder, `${key.slice(0, 24)}.probe`);
  }
}
