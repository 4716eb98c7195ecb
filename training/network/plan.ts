import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { EMOTION_COUNT, EMOTIONS } from '../../core/model/emotions.ts';
import type { Clip } from '../corpus/clip.ts';
import { groupKFold, RAVDESS_TEST_ACTORS, stratifiedSplit } from '../split.ts';
import type { NetworkRecipe } from './fit.ts';
import type { ClipSelection } from './network-task.ts';
import type { Fit } from './runner.ts';

export const RAVDESS = 'ravdess';
export const CREMA_D = 'crema-d';

/** The clips of one corpus that may be trained on, by their numbers in it. */
export interface CorpusRows {
  readonly clips: readonly Clip[];
  readonly rows: Int32Array;
}

export interface PlanData {
  readonly ravdess: CorpusRows;
  /** Without the actors that are kept for the test out of the corpus; null when it is not there. */
  readonly cremaD: CorpusRows | null;
}

export interface PlanOptions {
  readonly width: number;
  /** Steps of the fit on CREMA-D that all folds of a seed begin with, and of each fit after it. */
  readonly pretrainingSteps: number;
  readonly steps: number;
  /** How many fits follow each other, each with a schedule of its own, and are averaged. */
  readonly cycles: number;
}

/** The best values found in exploration. */
const RECIPE = {
  /** Most sentences are as short as that; a longer window would be a third reflection, and slower. */
  cropSteps: 96,
  weightDecay: 0.02,
  dropout: 0.3,
  labelSmoothing: 0.1,
  mixup: 0.3,
  averaging: 0.998,
} as const;
const BATCH = 32;
/** Keeps the batches of one cycle apart from those of another. */
const CYCLE_SEED = 100_000;
/** The clips of a batch: RAVDESS speech is what counts, song and CREMA-D widen it. */
const SHARES = { speech: 21, song: 5, cremaD: 6 } as const;

/** Builds every fit of a run. All of one seed begin with the same network, which heard CREMA-D only. */
export class Plan {
  readonly #data: PlanData;
  readonly #options: PlanOptions;

  constructor(data: PlanData, options: PlanOptions) {
    this.#data = data;
    this.#options = options;
  }

  /** The fit on CREMA-D alone; null without that corpus. No fold's test actors are in it. */
  pretraining(seed: number): Fit | null {
    const { cremaD } = this.#data;
    if (!cremaD) return null;
    return {
      name: `CREMA-D alone, seed ${seed}`,
      recipe: this.#recipe(this.#options.pretrainingSteps, 3e-3),
      ...{ seed, start: null, watch: null },
      groups: [{ corpus: CREMA_D, rows: cremaD.rows, count: BATCH }],
    };
  }

  /** The fits whose average the test actors of a fold are tested with. */
  fold(fold: number, seed: number): Fit[] {
    const { train, test } = this.folds()[fold];
    const watch = { corpus: RAVDESS, rows: this.#speechOf(test) };
    return this.#cycles(train, seed * 100 + fold, seed, `fold ${fold + 1}, seed ${seed}`, watch);
  }

  /** The random 80/20 split over speech and song, which leaks speakers. */
  randomSplit(seed: number): Fit[] {
    const { train, test } = this.randomRows(seed);
    const watch = { corpus: RAVDESS, rows: test };
    const name = `random split, seed ${seed}`;
    // One network is enough to show what leaking speakers is worth.
    return this.#cycles(train, seed * 100 + 50, seed, name, watch).slice(0, 1);
  }

  /** Members of the network that ships: everything that may be trained on. */
  production(seed: number): Fit[] {
    const { rows } = this.#data.ravdess;
    return this.#cycles(rows, seed * 100 + 99, seed, `everything, seed ${seed}`, null);
  }

  /** Rows of RAVDESS by the published five folds. */
  folds(): { train: Int32Array; test: Int32Array }[] {
    const { clips, rows } = this.#data.ravdess;
    const actors = Array.from(rows, (i) => clips[i].actor);
    return groupKFold(actors, foldActors(actors)).map(({ train, test }) => ({
      train: train.map((k) => rows[k]),
      test: test.map((k) => rows[k]),
    }));
  }

  /** Rows of the random split. */
  randomRows(seed: number): { train: Int32Array; test: Int32Array } {
    const { clips, rows } = this.#data.ravdess;
    const labels = Int32Array.from(rows, (i) => EMOTIONS.indexOf(clips[i].emotion));
    const { train, test } = stratifiedSplit(labels, { testFraction: 0.2, seed });
    return { train: train.map((k) => rows[k]), test: test.map((k) => rows[k]) };
  }

  /**
   * Every fit begins where the one before it ended, and its schedule begins anew: the networks at
   * the ends of the cycles differ enough to be worth averaging (snapshot ensembles, Huang et al.
   * 2017), and the later ones have learnt longer.
   */
  #cycles(
    rows: Int32Array,
    seed: number,
    startSeed: number,
    name: string,
    watch: ClipSelection | null,
  ): Fit[] {
    const { cremaD } = this.#data;
    const speech = cremaD ? SHARES.speech : SHARES.speech + SHARES.cremaD;
    const groups = [
      this.#group(rows, 'speech', speech),
      this.#group(rows, 'song', SHARES.song),
      ...(cremaD ? [{ corpus: CREMA_D, rows: cremaD.rows, count: SHARES.cremaD }] : []),
    ].filter((group) => group.rows.length > 0);
    const fits: Fit[] = [];
    let start = this.pretraining(startSeed);
    for (let cycle = 0; cycle < this.#options.cycles; cycle++) {
      start = {
        name: `${name}, cycle ${cycle + 1}`,
        recipe: this.#recipe(this.#options.steps, start ? 2e-3 : 3e-3),
        ...{ seed: seed + CYCLE_SEED * cycle, start, groups, watch },
      };
      fits.push(start);
    }
    return fits;
  }

  #group(rows: Int32Array, channel: 'speech' | 'song', count: number) {
    const { clips } = this.#data.ravdess;
    const own = rows.filter((i) => clips[i].channel === channel);
    return { corpus: RAVDESS, rows: balanced(own, clips), count };
  }

  #speechOf(rows: Int32Array): Int32Array {
    const { clips } = this.#data.ravdess;
    return rows.filter((i) => clips[i].channel === 'speech');
  }

  #recipe(steps: number, learningRate: number): NetworkRecipe {
    const { frames } = FEATURE_CONFIG.networkWindow;
    const { bands } = FEATURE_CONFIG.logMel;
    const shape = {
      ...{ steps: frames, bands, width: this.#options.width, embedding: 128 },
      classes: EMOTION_COUNT,
    };
    return { ...RECIPE, shape, steps, learningRate };
  }
}

/** The published five folds as far as their actors are there; one fold per actor in a small corpus. */
function foldActors(actors: readonly number[]): number[][] {
  const present = new Set(actors);
  const published = RAVDESS_TEST_ACTORS.map((list) => list.filter((actor) => present.has(actor)));
  return published.every((list) => list.length > 0)
    ? published
    : [...present].map((actor) => [actor]);
}

/** Names the clips of a class twice when it has half as many as the largest: neutral, in RAVDESS. */
function balanced(rows: Int32Array, clips: readonly Clip[]): Int32Array {
  const counts = new Map<string, number>();
  for (const i of rows) counts.set(clips[i].emotion, (counts.get(clips[i].emotion) ?? 0) + 1);
  const largest = Math.max(...counts.values());
  const times = (i: number) => Math.round(largest / (counts.get(clips[i].emotion) ?? largest));
  return Int32Array.from(Array.from(rows).flatMap((i) => new Array<number>(times(i)).fill(i)));
}
