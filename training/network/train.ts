import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { findFfmpeg } from '../../core/audio/ffmpeg.ts';
import { ensureFolder, lockFolder } from '../folders.ts';
import { writeModel } from '../onnx/export.ts';
import { networkModelCard } from '../report/network/card.ts';
import type { CurvePoint } from './checkpoint.ts';
import { exportEnsemble } from './export.ts';
import { measure } from './measure.ts';
import type { NetworkResult } from './network-task.ts';
import { fitPerceptrons, type Perceptron } from './perceptron.ts';
import { CREMA_D, Plan, type PlanOptions, RAVDESS } from './plan.ts';
import { type PrepareCorporaOptions, type Prepared, prepare } from './prepare.ts';
import type { NetworkResults } from './results.ts';
import { type Fit, NetworkRunner } from './runner.ts';

/** Folds, counted from 0, that seeds beyond the members run on, where hours forbid all five. */
const FOLDS_OF_OTHER_SEEDS = [0, 1];

export interface TrainNetworkOptions extends PlanOptions, PrepareCorporaOptions {
  readonly out: string;
  /** Report of the training of the voice detector; its figures are left out where it is missing. */
  readonly voice: string;
  /** Seeds of the networks whose average ships. */
  readonly members: readonly number[];
  /** Whether the random split, which leaks speakers, is measured as well. */
  readonly randomSplit: boolean;
  /** Further seeds, to tell how much chance there is in the figures. */
  readonly otherSeeds: readonly number[];
  readonly onPoint: (fit: string, point: CurvePoint) => void;
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
 * @throws UndertoneError `decoder-missing`; for data that cannot be trained on, a folder that cannot be written to and
 * a second run with the same work folder; the signal's reason when aborted
 */
export async function trainNetwork(options: TrainNetworkOptions): Promise<NetworkResults> {
  // Missed only after the recordings were read, it would be told late.
  findFfmpeg(process.env, 'Recordings are degraded with ffmpeg');
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
