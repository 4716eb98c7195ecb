import { MEL_ROWS } from '../../core/analyze.ts';
import { EMOTIONS } from '../../core/model/emotions.ts';
import type { Clip } from '../corpus/clip.ts';
import { CREMA_D, CREMA_D_TEST_ACTORS } from '../corpus/crema-d.ts';
import { RAVDESS } from '../corpus/ravdess.ts';
import type { Votes } from '../corpus/votes.ts';
import { groupKFold, RAVDESS_TEST_ACTORS, stratifiedSplit } from '../split.ts';
import type { Selection } from './activations.ts';
import type { Fitted } from './evaluate.ts';
import type { ClipSelection } from './network-task.ts';
import { type Prepared, type PreparedCorpus, SOUNDS } from './prepare.ts';
import type { Fit } from './runner.ts';

export interface PlanOptions {
  readonly steps: number;
  readonly learningRate: number;
  /** Weight of the votes of listeners. */
  readonly votes: number;
  /** Published weights to begin with. */
  readonly init: Fit['init'];
}

export const RECIPE = {
  /** 1.92 s: most sentences are hardly longer. */
  cropRows: 96 * MEL_ROWS,
  weightDecay: 0.02,
  dropout: 0.3,
  labelSmoothing: 0.1,
  averaging: 0.995,
} as const;
/** Blocks of published weights that stay as they were loaded: their maps are the largest. */
export const FROZEN_BLOCKS = 3;
/** Windows of a batch, and how many of them hold no voice. */
export const BATCH = 36;
const SOUND_COUNT = 2;
/** Clips that are watched while training: enough for a curve. */
const WATCHED = 300;
/** How the voices of a batch are shared out; what is not there leaves its share to the others. */
const SHARES: Readonly<Record<string, number>> = {
  'ravdess speech': 12,
  'ravdess song': 6,
  'crema-d': 7,
  nemo: 4,
  ased: 4,
  speechocean762: 1,
};

/**
 * What a clip of CREMA-D counts in which no listener heard the emotion that was meant; one that all heard
 * counts 1 more. Corpora left out are told better with it, actors of CREMA-D by what they meant worse.
 */
const LEAST_AGREEMENT = 0.3;

/** Rows of one fold: what is trained on, and what it is tested with. */
export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Builds every fit of a run. */
export class Plan {
  readonly #data: Prepared;
  readonly #options: PlanOptions;
  readonly #ravdess: PreparedCorpus;

  constructor(data: Prepared, options: PlanOptions) {
    this.#data = data;
    this.#options = options;
    this.#ravdess = data.corpora.find(({ corpus }) => corpus === RAVDESS)!;
  }

  /** The network that the test actors of a fold of RAVDESS are tested with. */
  fold(fold: number, seed: number): Fit {
    const { train, test } = this.folds()[fold];
    const { clips } = this.#ravdess;
    return this.#fit(`fold ${fold + 1}, seed ${seed}`, seed * 100 + fold, {
      rowsOf: (corpus) => {
        if (corpus === this.#ravdess) return train;
        const rows = trainable(corpus);
        if (!corpus.corpus.isPlainSpeech) return rows;
        return rows.filter((row) => plainFoldOf(corpus.clips[row], this.folds().length) !== fold);
      },
      takesSound: (soundFold) => soundFold !== fold,
      watch: {
        corpus: RAVDESS.name,
        rows: test.filter((row) => clips[row].channel === 'speech'),
      },
    });
  }

  /** The network that a whole corpus is tested with: it learns from all others. */
  without(name: string, seed: number): Fit {
    const left = this.#data.corpora.find(({ corpus }) => corpus.name === name)!;
    const index = this.#data.corpora.indexOf(left);
    return this.#fit(`without ${left.corpus.title}, seed ${seed}`, seed * 100 + 20 + index, {
      rowsOf: (corpus) => (corpus === left ? new Int32Array(0) : trainable(corpus)),
      takesSound: () => true,
      watch: { corpus: name, rows: someOf(this.anotherCorpusTest(left)) },
    });
  }

  /** A member of the model that ships: everything that may be trained on. */
  everything(seed: number): Fit {
    const test = cremaDTest(this.#data);
    return this.#fit(`everything, seed ${seed}`, seed * 100 + 99, {
      rowsOf: trainable,
      takesSound: () => true,
      watch: test && { corpus: CREMA_D.name, rows: someOf(test.rows) },
    });
  }

  /** The random 80/20 split over speech and song of RAVDESS, which leaks speakers. */
  randomSplit(seed: number): Fit {
    const { train, test } = this.randomRows(seed);
    return this.#fit(`random split, seed ${seed}`, seed * 100 + 50, {
      rowsOf: (corpus) => (corpus === this.#ravdess ? train : trainable(corpus)),
      takesSound: () => true,
      watch: { corpus: RAVDESS.name, rows: test },
    });
  }

  /** Rows of RAVDESS by the published five folds. */
  folds(): Fold[] {
    const { clips, rows } = this.#ravdess;
    const actors = Array.from(rows, (i) => clips[i].actor);
    return groupKFold(actors, foldActors(actors)).map(({ train, test }) => ({
      train: train.map((k) => rows[k]),
      test: test.map((k) => rows[k]),
    }));
  }

  /** The clips that any fit may learn from, each counted by how many listeners heard what was meant. */
  selections(): Selection[] {
    return this.#data.corpora.map((corpus) => ({
      corpus,
      rows: trainable(corpus),
      weights: agreement(corpus, this.#data.votes),
    }));
  }

  /** Rows of the random split. */
  randomRows(seed: number): Fold {
    const { rows, labels } = this.#ravdess;
    const own = rows.map((i) => labels[i]);
    const { train, test } = stratifiedSplit(own, { testFraction: 0.2, seed });
    return { train: train.map((k) => rows[k]), test: test.map((k) => rows[k]) };
  }

  /** The corpora that can be left out: those with emotions, as long as another one is left. */
  anotherCorpora(): PreparedCorpus[] {
    const labelled = this.#data.corpora.filter(({ corpus }) => !corpus.isPlainSpeech);
    return labelled.length > 1 ? labelled : [];
  }

  /** The rows that a corpus is tested with when it is left out: its speech in the classes that others have too. */
  anotherCorpusTest(left: PreparedCorpus): Int32Array {
    const others = this.#data.corpora.filter((corpus) => corpus !== left);
    const known = new Set(
      others.flatMap((corpus) => Array.from(trainable(corpus), (row) => corpus.labels[row])),
    );
    return left.rows.filter(
      (row) => known.has(left.labels[row]) && left.clips[row].channel === 'speech',
    );
  }

  #fit(
    name: string,
    seed: number,
    {
      rowsOf,
      takesSound,
      watch,
    }: {
      readonly rowsOf: (corpus: PreparedCorpus) => Int32Array;
      readonly takesSound: (fold: number) => boolean;
      readonly watch: ClipSelection | null;
    },
  ): Fit {
    const voices = this.#data.corpora.flatMap((corpus) => {
      const { clips, labels } = corpus;
      const rows = rowsOf(corpus);
      const group = (share: string, own: Int32Array) => ({
        corpus: corpus.corpus.name,
        rows: balanced(own, labels),
        share: SHARES[share] ?? 1,
      });
      if (corpus !== this.#ravdess) return [group(corpus.corpus.name, rows)];
      return (['speech', 'song'] as const).map((channel) =>
        group(
          `ravdess ${channel}`,
          rows.filter((row) => clips[row].channel === channel),
        ),
      );
    });
    const { sounds } = this.#data.sounds;
    const silent = Int32Array.from(sounds.keys()).filter((i) => takesSound(sounds[i].fold));
    const { steps, learningRate, votes, init } = this.#options;
    return {
      name,
      recipe: { ...RECIPE, steps, learningRate, votes, frozenBlocks: init ? FROZEN_BLOCKS : 0 },
      seed,
      init,
      groups: [
        ...shareOut(
          voices.filter(({ rows }) => rows.length > 0),
          BATCH - SOUND_COUNT,
        ),
        { corpus: SOUNDS, rows: silent, count: SOUND_COUNT },
      ],
      watch,
    };
  }
}

/** Returns the folds that were fitted, with what they are tested with and the rows of the test. */
export function foldsOf(plan: Plan, { folds }: Fitted) {
  const all = plan.folds();
  return [...folds].map(([fold, trained]) => ({ fold, trained, ...all[fold] }));
}

/** Returns the actors of CREMA-D that nothing is trained on; null without them. */
export function cremaDTest({ corpora }: Prepared) {
  const corpus = corpora.find((candidate) => candidate.corpus === CREMA_D);
  if (!corpus) return null;
  const may = new Set(trainable(corpus));
  const rows = corpus.rows.filter((row) => !may.has(row));
  return rows.length > 0 ? { corpus, rows } : null;
}

/** Returns the rows of a corpus that may be trained on at all. */
export function trainable({ clips, rows }: PreparedCorpus): Int32Array {
  return rows.filter((row) => !isHeldOut(clips[row]));
}

function isHeldOut({ corpus, actor }: Clip): boolean {
  return corpus === CREMA_D.name && CREMA_D_TEST_ACTORS.includes(actor);
}

/** Returns the fold of RAVDESS whose network a speaker of plain speech is tested with. */
export function plainFoldOf({ actor }: Clip, folds: number): number {
  return actor % folds;
}

/** Returns at most WATCHED of the rows, evenly spread. */
function someOf(rows: Int32Array): Int32Array {
  const step = Math.max(1, rows.length / WATCHED);
  return Int32Array.from(
    { length: Math.min(WATCHED, rows.length) },
    (_, i) => rows[Math.floor(i * step)],
  );
}

/** Gives every group its part of so many windows, by the method of the largest remainder. */
function shareOut<G extends { readonly share: number }>(groups: readonly G[], total: number) {
  const sum = groups.reduce((all, { share }) => all + share, 0);
  const exact = groups.map(({ share }) => (share / sum) * total);
  const counts = exact.map(Math.floor);
  const order = [...exact.keys()].sort((a, b) => exact[b] - counts[b] - (exact[a] - counts[a]));
  const rest = total - counts.reduce((a, b) => a + b, 0);
  for (const i of order.slice(0, rest)) counts[i]++;
  return groups.map(({ share: _, ...group }, i) => ({ ...group, count: counts[i] }));
}

/** The published five folds as far as their actors are there; one fold per actor in a small corpus. */
function foldActors(actors: readonly number[]): number[][] {
  const present = new Set(actors);
  const published = RAVDESS_TEST_ACTORS.map((list) => list.filter((actor) => present.has(actor)));
  return published.every((list) => list.length > 0)
    ? published
    : [...present].map((actor) => [actor]);
}

/** Names the clips of a class more than once where it has fewer than the largest: neutral, in RAVDESS. */
function balanced(rows: Int32Array, labels: Int32Array): Int32Array {
  const counts = EMOTIONS.map((_, k) => rows.filter((row) => labels[row] === k).length);
  const largest = Math.max(...counts);
  return Int32Array.from(
    Array.from(rows).flatMap((row) => {
      const times = Math.min(4, Math.round(largest / counts[labels[row]]));
      return new Array<number>(times).fill(row);
    }),
  );
}

/**
 * Returns how much each clip counts: 1 where nobody voted, else LEAST_AGREEMENT and the share of the
 * listeners who named the emotion that was meant.
 */
function agreement({ clips, labels }: PreparedCorpus, votes: Votes): Float32Array {
  return Float32Array.from(clips, ({ id }, i) => {
    const counts = votes.get(id);
    const total = counts?.reduce((a, b) => a + b, 0) ?? 0;
    return counts && total > 0 ? LEAST_AGREEMENT + counts[labels[i]] / total : 1;
  });
}
