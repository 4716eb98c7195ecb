import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { UndertoneError } from '../../core/errors.ts';
import { EMOTION_COUNT, EMOTIONS } from '../../core/model/emotions.ts';
import type { ConditionName } from '../augment/index.ts';
import type { Clip } from '../corpus/clip.ts';
import { readContents } from '../corpus/contents.ts';
import { findClips } from '../corpus/corpora.ts';
import { CREMA_D_TEST_ACTORS } from '../corpus/crema-d.ts';
import { type Exclusion, findExclusions } from '../corpus/exclusions.ts';
import { findSounds, type Sound } from '../corpus/sounds.ts';
import { writeModel } from '../pipeline/export.ts';
import { ensureFolder, lockFolder } from '../pipeline/folders.ts';
import { networkModelCard } from '../report/network/card.ts';
import type { Progress } from '../train.ts';
import type { CurvePoint } from './checkpoint.ts';
import { exportEnsemble } from './export.ts';
import { measure } from './measure.ts';
import type { NetworkResult } from './network-task.ts';
import { fitPerceptrons, type Perceptron } from './perceptron.ts';
import { CREMA_D, Plan, type PlanOptions, RAVDESS } from './plan.ts';
import type { Rendering } from './renderings.ts';
import type { NetworkResults } from './results.ts';
import { type Fit, NetworkRunner } from './runner.ts';
import { prepareSpectrograms, type Spectrograms } from './spectrogram-store.ts';

/** Renderings that are trained on: as recorded, and by random chains, the last one through Opus. */
const RAVDESS_CHAINS = 7;
const CREMA_D_CHAINS = 2;
const CLEAN: Rendering = { condition: 'clean' };
/** Sounds of this fold are mixed into no training clip: robustness is measured with them. */
export const TEST_SOUND_FOLD = 5;
const ROBUSTNESS: readonly ConditionName[] = [
  'opus-16',
  'telephone',
  'noise-10-db',
  'small-room',
  'gain-minus-40-db',
  'gain-plus-20-db',
];
/** Folds, counted from 0, that seeds beyond the members run on, where hours forbid all five. */
const FOLDS_OF_OTHER_SEEDS = [0, 1];

export interface TrainNetworkOptions extends PlanOptions {
  /** Folder that RAVDESS lies in, and CREMA-D and ESC where they are to be had. */
  readonly data: string;
  readonly out: string;
  readonly work: string;
  /** Report of the training of the voice detector; its figures are left out where it is missing. */
  readonly voice: string;
  /** Seeds of the networks whose average ships. */
  readonly members: readonly number[];
  /** Whether the random split, which leaks speakers, is measured as well. */
  readonly randomSplit: boolean;
  /** Further seeds, to tell how much chance there is in the figures. */
  readonly otherSeeds: readonly number[];
  readonly seed: number;
  readonly workers: number;
  readonly progress: Progress;
  readonly onPoint: (fit: string, point: CurvePoint) => void;
  readonly signal: AbortSignal;
}

/** A corpus as it is measured on: clips, their spectrograms and classes, and those that count. */
export interface PreparedCorpus {
  readonly clips: readonly Clip[];
  readonly exclusions: readonly Exclusion[];
  /** Numbers of the clips that are not excluded. */
  readonly rows: Int32Array;
  readonly spectrograms: Spectrograms;
  readonly labels: Int32Array;
}

export interface Prepared {
  readonly ravdess: PreparedCorpus;
  readonly cremaD: PreparedCorpus | null;
  readonly cremaDTest: PreparedCorpus | null;
  /** RAVDESS under the conditions of the robustness table; null without sounds or ffmpeg. */
  readonly conditions: {
    readonly names: readonly string[];
    /** Numbers of the RAVDESS clips that the spectrograms are of: speech. */
    readonly rows: Int32Array;
    readonly spectrograms: Spectrograms;
  } | null;
  readonly sounds: readonly Sound[];
}

/** The finished fits, by what they are for. */
export interface Fitted {
  /** Of each seed the result of each fold that it was run on. */
  readonly folds: ReadonlyMap<
    number,
    readonly { readonly fold: number; readonly cycles: readonly NetworkResult[] }[]
  >;
  readonly production: readonly NetworkResult[];
  /** Perceptrons of the folds, in their order, and of everything. */
  readonly perceptrons: {
    readonly folds: readonly Perceptron[];
    readonly production: Perceptron;
  };
  readonly randomSplit: readonly {
    readonly seed: number;
    readonly cycles: readonly NetworkResult[];
  }[];
}

/**
 * Trains the model that ships: networks for every fold and seed, to measure what strangers can
 * expect, and networks on everything that may be trained on, whose average is written to the model
 * folder. Stopped, it goes on where it was.
 *
 * @returns every figure of the run
 * @throws UndertoneError for data that cannot be trained on, a folder that cannot be written to and
 * a second run with the same work folder; the signal's reason when aborted
 */
export async function trainNetwork(options: TrainNetworkOptions): Promise<NetworkResults> {
  await ensureFolder(options.out, '--out');
  await ensureFolder(options.work, '--work');
  const unlock = await lockFolder(options.work);
  try {
    // Every task that waits listens to the signal; Node takes more than ten for a leak.
    setMaxListeners(0, options.signal);
    const prepared = await prepare(options);
    const { ravdess, cremaD } = prepared;
    const plan = new Plan({ ravdess, cremaD }, options);
    const fitted = await fitAll(plan, prepared, options);
    const results = await measure(plan, prepared, fitted, options);
    const ensemble = { networks: fitted.production, perceptron: fitted.perceptrons.production };
    const graph = exportEnsemble(ensemble, results.calibration.temperature);
    await writeModel(options.out, graph, networkModelCard(results));
    return results;
  } finally {
    options.progress.end();
    await unlock();
  }
}

async function prepare(options: TrainNetworkOptions): Promise<Prepared> {
  const { data, work, workers, signal, seed } = options;
  const { clips } = await findClips(data).catch((cause) => {
    throw new UndertoneError('not-found', `The folder ${data} cannot be read.`, { cause });
  });
  const report = stageReporter(options.progress);
  const { sounds } = await findSounds(data);
  const noisePaths = sounds
    .filter(({ fold }) => fold !== TEST_SOUND_FOLD)
    .map(({ path }) => path)
    .sort();
  const contents = await readContents(clips, {
    ...{ cache: join(work, 'contents.bin'), workers, signal },
    onProgress: report('Reading recordings'),
  });
  const exclusions = findExclusions(clips, contents, data);
  const excluded = new Map(exclusions.map((exclusion) => [exclusion.path, exclusion]));
  const corpus = async (
    title: string,
    filter: (clip: Clip) => boolean,
    renderings: readonly Rendering[],
  ): Promise<PreparedCorpus | null> => {
    const own = clips.filter(filter);
    if (own.length === 0) return null;
    const spectrograms = await prepareSpectrograms(own, {
      ...{ folder: join(work, 'spectrograms'), renderings, noisePaths, seed, workers, signal },
      onProgress: report(`Hearing ${title}`),
    });
    return {
      clips: own,
      exclusions: own.flatMap(({ path }) => excluded.get(path) ?? []),
      rows: Int32Array.from(own.keys()).filter((i) => !excluded.has(own[i].path)),
      spectrograms,
      labels: Int32Array.from(own, ({ emotion }) => EMOTIONS.indexOf(emotion)),
    };
  };
  const isTest = ({ actor }: Clip) => CREMA_D_TEST_ACTORS.includes(actor);
  const ravdess = await corpus('RAVDESS', (clip) => clip.corpus === RAVDESS, [
    CLEAN,
    ...chains(RAVDESS_CHAINS, true),
  ]);
  checkComplete(ravdess, data);
  const cremaD = await corpus('CREMA-D', (clip) => clip.corpus === CREMA_D && !isTest(clip), [
    CLEAN,
    ...chains(CREMA_D_CHAINS, false),
  ]);
  const cremaDTest = await corpus(
    'CREMA-D, the actors kept for the test',
    (clip) => clip.corpus === CREMA_D && isTest(clip),
    [CLEAN],
  );
  const rows = Int32Array.from(ravdess.clips.keys()).filter(
    (i) => ravdess.clips[i].channel === 'speech',
  );
  const conditions =
    sounds.length === 0
      ? null
      : await prepareSpectrograms(
          Array.from(rows, (row) => ravdess.clips[row]),
          {
            folder: join(work, 'spectrograms'),
            renderings: ROBUSTNESS.map((condition) => ({ condition })),
            noisePaths: sounds
              .filter(({ fold }) => fold === TEST_SOUND_FOLD)
              .map(({ path }) => path)
              .sort(),
            ...{ seed, workers, signal },
            onProgress: report('Hearing RAVDESS under bad conditions'),
          },
        );
  return {
    ...{ ravdess, cremaD, cremaDTest, sounds },
    conditions: conditions && { names: ROBUSTNESS, rows, spectrograms: conditions },
  };
}

function chains(count: number, isOpusLast: boolean): Rendering[] {
  return Array.from({ length: count }, (_, i) =>
    isOpusLast && i === count - 1 ? { chain: i + 1, opus: true } : { chain: i + 1 },
  );
}

function checkComplete(
  corpus: PreparedCorpus | null,
  data: string,
): asserts corpus is PreparedCorpus {
  if (!corpus) {
    throw new UndertoneError(
      'not-found',
      `No RAVDESS recordings were found below ${data}. Needed are the folders Audio_Speech_Actors_01-24 and Audio_Song_Actors_01-24 with files like 03-01-05-01-02-01-12.wav (or .flac, .ogg).`,
    );
  }
  const { rows, labels, clips } = corpus;
  const missing = EMOTIONS.filter((_, k) => !rows.some((i) => labels[i] === k));
  const speakers = new Set(
    Array.from(rows, (i) => clips[i]).flatMap(({ channel, actor }) =>
      channel === 'speech' ? [actor] : [],
    ),
  );
  if (missing.length === 0 && speakers.size > 1) return;
  throw new UndertoneError(
    'audio-missing',
    `Training needs all ${EMOTION_COUNT} emotions of RAVDESS and the speech of at least two actors. Below ${data} there are ${speakers.size} speaking actors${missing.length > 0 ? `, and no usable recording of ${missing.join(', ')}` : ''}. Add the missing recordings: both archives together have everything.`,
  );
}

async function fitAll(
  plan: Plan,
  { ravdess, cremaD }: Prepared,
  options: TrainNetworkOptions,
): Promise<Fitted> {
  const { members, otherSeeds, work, workers, signal, progress, onPoint } = options;
  const isRandom = options.randomSplit;
  const foldCount = plan.folds().length;
  const all = Array.from({ length: foldCount }, (_, fold) => fold);
  const some = all.filter((fold) => FOLDS_OF_OTHER_SEEDS.includes(fold));
  const foldsOf = (seed: number) => (members.includes(seed) ? all : some);
  const seeds = [...members, ...otherSeeds];
  const runner = await NetworkRunner.start(
    { [RAVDESS]: ravdess, ...(cremaD && { [CREMA_D]: cremaD }) },
    {
      ...{ folder: join(work, 'fits'), workers, signal },
      onProgress: (fit, point) => onPoint(fit.name, point),
    },
  );
  const count = seeds.reduce(
    (sum, seed) => sum + foldsOf(seed).length,
    members.length + (isRandom ? 1 : 0),
  );
  progress.begin('Fitting networks', count);
  const run = async (cycles: readonly Fit[]) => {
    const results = await Promise.all(cycles.map((fit) => runner.fit(fit)));
    progress.advance();
    return results;
  };
  try {
    const folds = seeds.map(async (seed) => {
      const results = foldsOf(seed).map(async (fold) => ({
        fold,
        cycles: await run(plan.fold(fold, seed)),
      }));
      return [seed, await Promise.all(results)] as const;
    });
    const production = members.map((seed) => run(plan.production(seed)));
    const [seed] = members;
    const randomSplit = isRandom ? [run(plan.randomSplit(seed))] : [];
    await Promise.all([...folds, ...production, ...randomSplit]);
    progress.end();
    const parts = [...plan.folds(), { train: ravdess.rows }].map(({ train }) => train);
    progress.begin('Fitting perceptrons', parts.length);
    const perceptrons = await fitPerceptrons(ravdess, cremaD, parts, {
      ...{ folder: join(work, 'jobs'), workers, signal, onDone: () => progress.advance() },
    });
    return {
      perceptrons: {
        folds: perceptrons.slice(0, foldCount),
        production: perceptrons[foldCount],
      },
      folds: new Map(await Promise.all(folds)),
      production: (await Promise.all(production)).flat(),
      randomSplit: (await Promise.all(randomSplit)).map((cycles) => ({ seed, cycles })),
    };
  } finally {
    await runner.stop();
    progress.end();
  }
}

/** Returns what turns calls of `onProgress(done, total)` into a stage of its own. */
function stageReporter(progress: Progress) {
  return (stage: string) => (done: number, total: number) => {
    if (done === 1) progress.begin(stage, total);
    progress.advance();
    if (done === total) progress.end();
  };
}
