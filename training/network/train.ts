import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFfmpeg } from '../../core/audio/find-ffmpeg.ts';
import { writeModel } from '../../evaluation/model.ts';
import { ensureFolder, lockFolder } from '../../lib/files.ts';
import { sha256 } from '../corpus/extract.ts';
import { RAVDESS } from '../corpus/ravdess.ts';
import { createRandom } from '../random.ts';
import { networkModelCard } from '../report/card.ts';
import { someRecordings } from './activations.ts';
import { Discriminants } from './discriminant.ts';
import { ensembleOf, type Fitted, type Trained } from './evaluate.ts';
import { exportEnsemble } from './export.ts';
import type { CurvePoint } from './fit.ts';
import { type MeasureOptions, measure } from './measure.ts';
import { MobileNet } from './mobilenet.ts';
import { type NetworkResult, type SharedCorpora, sharedCorpora } from './network-task.ts';
import { Plan, type PlanOptions } from './plan.ts';
import { prepare } from './prepare.ts';
import { AudiosetNetwork, type Probe, type PublishedNetwork } from './probe.ts';
import { ProbeStore } from './probe-store.ts';
import { quantizeSpeech } from './quantized-speech.ts';
import type { NetworkResults } from './results.ts';
import { type Fit, NetworkRunner } from './runner.ts';
import { readSpeechEmbedding, type SpeechEmbedding } from './speech-embedding.ts';
import { readWeights } from './weights-file.ts';

/** Networks of the protocols that are averaged where none was trained on everything: 10 ms a window. */
const LARGEST_AVERAGE = 3;

export interface TrainNetworkOptions
  extends Omit<PlanOptions, 'init'>,
    Omit<MeasureOptions, 'speech'> {
  readonly out: string;
  /** File of published weights to begin with; null begins at random. */
  readonly init: string | null;
  /** File of the published weights of the speech embedding; null leaves its probe out. */
  readonly speech: string | null;
  /** Folds of RAVDESS to measure, counted from 1. */
  readonly folds: readonly number[];
  /** Whether the random split, which leaks speakers, is measured as well. */
  readonly randomSplit: boolean;
  readonly onPoint: (fit: string, point: CurvePoint) => void;
}

/**
 * Trains the model that ships: networks for every fold of RAVDESS and for every corpus left out, to
 * measure what strangers can expect, and networks on everything that may be trained on, whose average
 * is written to the model folder. Stopped, it goes on where it was.
 *
 * @returns every figure of the run
 * @throws UndertoneError `decoder-missing`; for data or weights that cannot be trained on, a folder
 * that cannot be written to and a second run with the same work folder; the signal's reason when
 * aborted
 */
export async function trainNetwork(options: TrainNetworkOptions): Promise<NetworkResults> {
  // Missed only after the recordings were read, it would be told late.
  findFfmpeg(process.env, 'Recordings are degraded with ffmpeg');
  const { init, speech, published } = await readPublished(options);
  await ensureFolder(options.out, '--out');
  await ensureFolder(options.work, '--work');
  const unlock = await lockFolder(options.work, '--work');
  try {
    // Every task that waits listens to the signal; Node takes more than ten for a leak.
    setMaxListeners(0, options.signal);
    const prepared = await prepare(options);
    const plan = new Plan(prepared, { ...options, init });
    const networks = await fitNetworks(plan, sharedCorpora(prepared), options);
    if (speech) published.push(await quantized(speech, plan, options));
    const fitted = await fitProbes(plan, networks, published, options);
    const results = await measure(plan, prepared, fitted, {
      ...options,
      speech: speech?.sha256 ?? null,
    });
    const graph = exportEnsemble(ensembleOf(fitted.shipped), results.calibration);
    await writeModel(options.out, graph, networkModelCard(results));
    return results;
  } finally {
    options.progress.end();
    await unlock();
  }
}

/** Reads the published networks, so that a wrong file is told before hours of training. */
async function readPublished({ init, speech }: TrainNetworkOptions) {
  const start = init === null ? null : await readWeights(init);
  // Throws where the weights are those of another network.
  if (start) new MobileNet({ start, frozenBlocks: 0, random: createRandom(0) });
  const take = async (path: string) => ({ path, sha256: sha256(await readFile(path)) });
  const published: Published[] = [];
  const taken = init === null ? null : await take(init);
  if (start) published.push({ network: new AudiosetNetwork(start), sha256: taken!.sha256 });
  return {
    init: taken,
    speech:
      speech === null
        ? null
        : // The network first: what is wrong with the file has a sentence of its own there.
          { network: await readSpeechEmbedding(speech), ...(await take(speech)) },
    published,
  };
}

/** Returns the speech embedding as it ships, in integers. */
async function quantized(
  { network, sha256: published }: { readonly network: SpeechEmbedding; readonly sha256: string },
  plan: Plan,
  options: TrainNetworkOptions,
): Promise<Published> {
  const integers = await quantizeSpeech(network, someRecordings(plan.selections()), options);
  return { network: integers, sha256: sha256(JSON.stringify([published, integers.peaks])) };
}

interface Published {
  readonly network: PublishedNetwork;
  /** Hash of the weights file and, if the network was quantised, of the ranges too. */
  readonly sha256: string;
}

/** The networks of every fit, by what they are for. */
interface FittedNetworks {
  readonly folds: ReadonlyMap<number, readonly NetworkResult[]>;
  readonly without: ReadonlyMap<string, readonly NetworkResult[]>;
  readonly everything: readonly NetworkResult[];
  readonly randomSplit: readonly NetworkResult[];
}

async function fitNetworks(
  plan: Plan,
  corpora: SharedCorpora,
  options: TrainNetworkOptions,
): Promise<FittedNetworks> {
  const { members, seeds, work, workers, signal, progress, onPoint } = options;
  const runner = await NetworkRunner.start(corpora, {
    folder: join(work, 'fits'),
    workers,
    signal,
    onProgress: (fit, point) => onPoint(fit.name, point),
  });
  const run = async (fit: Fit) => {
    const result = await runner.fit(fit);
    progress.advance();
    return result;
  };
  const names = plan.anotherCorpora().map(({ corpus }) => corpus.name);
  const folds = plan.folds().flatMap((_, fold) => (options.folds.includes(fold + 1) ? [fold] : []));
  const count =
    members.length + seeds.length * (folds.length + names.length) + (options.randomSplit ? 1 : 0);
  progress.begin('Fitting networks', count);
  try {
    // In this order, so that what ships is there first and each protocol is complete soon.
    const everything = members.map((seed) => run(plan.everything(seed)));
    const without = names.map((name) => seeds.map((seed) => run(plan.without(name, seed))));
    const byFold = folds.map((fold) => seeds.map((seed) => run(plan.fold(fold, seed))));
    const randomSplit = options.randomSplit ? [run(plan.randomSplit(seeds[0]))] : [];
    const all = (fits: Promise<NetworkResult>[]) => Promise.all(fits);
    const [shipped, leftOut, tested, leaking] = await Promise.all([
      all(everything),
      Promise.all(without.map(all)),
      Promise.all(byFold.map(all)),
      all(randomSplit),
    ]);
    return {
      everything: shipped,
      without: new Map(names.map((name, i) => [name, leftOut[i]])),
      folds: new Map(folds.map((fold, i) => [fold, tested[i]])),
      randomSplit: leaking,
    };
  } finally {
    await runner.stop();
    progress.end();
  }
}

/** Adds to the networks of each fit the probes that learned from the same recordings. */
async function fitProbes(
  plan: Plan,
  { everything, without, folds, randomSplit }: FittedNetworks,
  published: readonly Published[],
  options: TrainNetworkOptions,
): Promise<Fitted> {
  const { seeds, progress, work, seed: degradations } = options;
  const [seed] = seeds;
  const jobs: { readonly fit: Fit; readonly probes: Probe[] }[] = [];
  const take = (fit: Fit, networks: readonly NetworkResult[]): Trained => {
    const probes: Probe[] = [];
    jobs.push({ fit, probes });
    return { networks, probes };
  };
  const protocols = [
    ...[...folds.values()].flat(),
    ...[...without].flatMap(([name, networks]) => (name === RAVDESS.name ? [] : networks)),
  ];
  const shipped = everything.length > 0 ? everything : protocols.slice(0, LARGEST_AVERAGE);
  const fitted: Fitted = {
    folds: new Map([...folds].map(([fold, all]) => [fold, take(plan.fold(fold, seed), all)])),
    without: new Map(
      [...without].map(([name, all]) => [name, take(plan.without(name, seed), all)]),
    ),
    shipped: take(plan.everything(seed), shipped),
    randomSplit: randomSplit.length > 0 ? take(plan.randomSplit(seed), randomSplit) : null,
  };
  const selections = plan.selections();
  const folder = join(work, 'probes');
  // One after the other: the activations of one fill more than a gigabyte.
  for (const { network, sha256 } of published) {
    const store = new ProbeStore({ folder, network, sha256, selections, seed: degradations });
    const missing: typeof jobs = [];
    for (const job of jobs) {
      const probe = await store.read(job.fit);
      if (probe) job.probes.push(probe);
      else missing.push(job);
    }
    if (missing.length === 0) continue;
    const discriminants = await Discriminants.read(network, selections, options);
    progress.begin('Fitting probes', missing.length);
    try {
      for (const { fit, probes } of missing) {
        const probe = await discriminants.fit(fit);
        await store.write(fit, probe);
        probes.push(probe);
        progress.advance();
      }
    } finally {
      progress.end();
      await discriminants.close();
    }
  }
  return fitted;
}
