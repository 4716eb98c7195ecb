import { setMaxListeners } from 'node:events';
import { FUNCTIONAL_NAMES } from '../../core/features/functionals.ts';
import { EMOTIONS } from '../../core/model/emotions.ts';
import { calibrate, coverageCurve, withTemperature } from '../../evaluation/calibration.ts';
import { takeRows } from '../../evaluation/matrix.ts';
import { expectedCalibrationError } from '../../evaluation/metrics.ts';
import { writeModel } from '../../evaluation/model.ts';
import { ensureFolder, lockFolder } from '../../lib/files.ts';
import { sha256 } from '../corpus/extract.ts';
import { type Dataset, loadCorpus } from '../corpus/load.ts';
import { baselineModelCard } from '../report/card.ts';
import type { Progress } from '../terminal.ts';
import { exportGraph, FAMILY, type Family } from './families.ts';
import { JobRunner } from './jobs.ts';
import {
  countFits,
  countSearchFits,
  innerActorFolds,
  rowsOf,
  searchParameters,
  seedProtocol,
  type UnseenProtocol,
  unseenProtocol,
} from './protocols.ts';
import { type CandidateResults, type Results, summarizeData } from './results.ts';

/** The accuracy that the threshold is chosen for; below the threshold the verdict is "uncertain". */
const TARGET_ACCURACY = 0.6;

export interface BaselineOptions {
  readonly data: string;
  /** Folder that the model is written to. */
  readonly out: string;
  /** Folder of caches and finished jobs, by which a stopped run is resumed. */
  readonly work: string;
  readonly families: readonly Family[];
  readonly seed: number;
  readonly isQuick: boolean;
  readonly workers: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Trains and measures every family under both protocols, chooses the one that does best on unseen speakers,
 * fits it on everything and writes the model folder. Until then a model that is there stays as it
 * is.
 *
 * @returns every figure of the run
 * @throws UndertoneError for a corpus that cannot be trained on, a folder that cannot be written to
 * and a second run with the same work folder; the signal's reason when aborted
 */
export async function trainBaselines(options: BaselineOptions): Promise<Results> {
  await ensureFolder(options.out, '--out');
  await ensureFolder(options.work, '--work');
  const unlock = await lockFolder(options.work, '--work');
  try {
    return await trainLocked(options);
  } finally {
    options.progress.end();
    await unlock();
  }
}

async function trainLocked(options: BaselineOptions): Promise<Results> {
  const started = performance.now();
  const { families, seed, isQuick, workers, progress, signal } = options;
  // Every task that waits listens to the signal; Node takes more than ten for a leak.
  setMaxListeners(0, signal);
  const dataset = await load(options);
  const jobs = await JobRunner.start(dataset, {
    folder: `${options.work}/jobs`,
    workers,
    signal,
    onDone: () => progress.advance(),
  });
  try {
    const fits = families.map((family) => countFits(family, dataset, { seed, isQuick }));
    progress.begin(
      'Measuring',
      fits.reduce((a, b) => a + b, 0),
    );
    const measured = await Promise.all(
      families.map(async (family) => ({
        family,
        seed: await seedProtocol(family, dataset, { seed, isQuick }, jobs),
        unseen: await unseenProtocol(family, dataset, { seed, isQuick }, jobs),
      })),
    );
    progress.end();
    const best = measured.reduce((a, b) => (uar(b.unseen) > uar(a.unseen) ? b : a));
    const all = Int32Array.from(dataset.y.keys());
    const splits = innerActorFolds(dataset, all, seed);
    progress.begin(
      'Fitting the model',
      countSearchFits(best.family, splits.length, { seed, isQuick }) + 1,
    );
    const search = await searchParameters(
      best.family,
      { y: dataset.y, splits, seed, isQuick },
      jobs,
    );
    const fitted = await jobs.fit({
      family: best.family,
      parameters: search.best,
      seed,
      train: all,
      test: new Int32Array(0),
    });
    progress.end();
    const calibration = calibrateOn(dataset, best.unseen);
    const graph = exportGraph({ ...fitted, temperature: calibration.temperature });
    const results: Results = {
      created: new Date().toISOString(),
      options: { seed, isQuick, families },
      minutes: (performance.now() - started) / 60_000,
      classes: EMOTIONS,
      featureNames: FUNCTIONAL_NAMES,
      data: summarizeData(dataset),
      candidates: measured.map(
        ({ family, seed: trial, unseen: { folds, speech, song } }): CandidateResults => ({
          family,
          title: FAMILY[family].title,
          searchKind: FAMILY[family].search,
          seed: trial,
          unseen: { folds, speech, song },
        }),
      ),
      chosen: best.family,
      final: {
        parameters: search.best,
        search: search.points,
        featureImportances: fitted.featureImportances,
        modelBytes: graph.length,
        sha256: sha256(graph),
      },
      calibration,
    };
    await writeModel(options.out, graph, baselineModelCard(results));
    return results;
  } finally {
    await jobs.stop();
  }
}

async function load({ data, work, workers, progress, signal }: BaselineOptions): Promise<Dataset> {
  let isBegun = false;
  const dataset = await loadCorpus(data, {
    cacheFolder: work,
    workers,
    signal,
    onProgress(_, total) {
      if (!isBegun) progress.begin('Reading recordings', total);
      isBegun = true;
      progress.advance();
    },
  });
  progress.end();
  return dataset;
}

/** Families are compared on the speech of unseen speakers. */
function uar({ speech }: UnseenProtocol): number {
  return speech?.unweightedAverageRecall ?? 0;
}

/** Voice notes are speech, so speech is what confidence is calibrated on. */
function calibrateOn(dataset: Dataset, unseen: UnseenProtocol): Results['calibration'] {
  const rows = rowsOf(dataset, 'speech');
  const y = rows.map((i) => dataset.y[i]);
  const raw = takeRows(unseen.probabilities, rows);
  const foldOf = rows.map((i) => unseen.foldOf[i]);
  const { probabilities, ...rest } = calibrate(
    (rows, temperature) => withTemperature(takeRows(raw, rows), temperature),
    y,
    foldOf,
    TARGET_ACCURACY,
  );
  return {
    ...rest,
    targetAccuracy: TARGET_ACCURACY,
    errorBefore: expectedCalibrationError(raw, y),
    errorAfter: expectedCalibrationError(probabilities, y),
    curve: coverageCurve(probabilities, y, 0.05),
  };
}
