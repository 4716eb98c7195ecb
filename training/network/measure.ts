import { EMOTION_COUNT, EMOTIONS } from '../../core/model/emotions.ts';
import { calibrate, coverageCurve } from '../calibration.ts';
import { CORPORA } from '../corpus/corpora.ts';
import { sha256 } from '../corpus/extract.ts';
import { takeRows } from '../matrix.ts';
import { expectedCalibrationError } from '../metrics.ts';
import type { CurvePoint } from './checkpoint.ts';
import {
  accuracyAtCoverage,
  averagePredictions,
  mixPredictions,
  type Predictions,
  poolPredictions,
  reliabilityBins,
  scoreActors,
  scoreGroups,
  scoreWhere,
} from './evaluate.ts';
import { type Ensemble, exportEnsemble, PERCEPTRON_WEIGHT } from './export.ts';
import { measureLevers } from './levers.ts';
import { measureTimeline } from './measure-timeline.ts';
import { readNoSpeech } from './no-speech.ts';
import { parameterCount } from './perceptron.ts';
import type { Plan } from './plan.ts';
import {
  predictByVector,
  predictEnsemble,
  predictNetwork,
  predictNetworks,
} from './predict-ensemble.ts';
import type { Prepared, PreparedCorpus } from './prepare.ts';
import type { ConditionScores, CorpusSummary, NetworkResults, SeedScores } from './results.ts';
import type { Spectrograms } from './spectrogram-store.ts';
import type { Fitted, TrainNetworkOptions } from './train.ts';

/** What is answered should be right this often; below the threshold for it the answer is "uncertain". */
const TARGET_ACCURACY = 0.8;

/** Measures everything that the report says from the finished fits. */
export async function measure(
  plan: Plan,
  prepared: Prepared,
  fitted: Fitted,
  { members, otherSeeds, cycles, voice }: TrainNetworkOptions,
): Promise<NetworkResults> {
  const { ravdess, cremaDTest } = prepared;
  const { clips, labels } = ravdess;
  const isSpeech = (row: number) => clips[row].channel === 'speech';
  const folds = plan.folds();

  // What every seed says about the actors of every fold that it was run on.
  const said = new Map<number, Map<number, Predictions[]>>();
  for (const [seed, results] of fitted.folds) {
    const byFold = new Map<number, Predictions[]>();
    for (const { fold, cycles } of results) {
      const snapshots: Predictions[] = [];
      for (const result of cycles) {
        snapshots.push(await predictNetwork(result, ravdess.spectrograms, folds[fold].test));
      }
      byFold.set(fold, snapshots);
    }
    said.set(seed, byFold);
  }
  const byVector: Predictions[] = [];
  for (const [fold, perceptron] of fitted.perceptrons.folds.entries()) {
    byVector.push(await predictByVector(perceptron, ravdess.spectrograms, folds[fold].test));
  }
  const withPerceptron = (networks: readonly Predictions[], fold: number) =>
    mixPredictions(averagePredictions(networks), byVector[fold], PERCEPTRON_WEIGHT);
  const ofMembers = folds.map((_, fold) =>
    withPerceptron(
      members.flatMap((seed) => said.get(seed)!.get(fold)!),
      fold,
    ),
  );
  const ensemble = poolPredictions(ofMembers);
  const scoresOf = (predictions: Predictions) => ({
    speech: scoreWhere(predictions, labels, isSpeech)!,
    song: scoreWhere(predictions, labels, (row) => !isSpeech(row)),
  });
  const seeds = [...members, ...otherSeeds].map((seed): SeedScores => {
    const byFold = [...said.get(seed)!]
      .sort(([a], [b]) => a - b)
      .map(([fold, snapshots]) => [fold, withPerceptron(snapshots, fold)] as const);
    return {
      seed,
      ...scoresOf(poolPredictions(byFold.map(([, predictions]) => predictions))),
      folds: byFold.map(([fold, predictions]) => ({
        fold: fold + 1,
        actors: [...new Set(Array.from(folds[fold].test, (row) => clips[row].actor))].sort(
          (a, b) => a - b,
        ),
        uar: scoreWhere(predictions, labels, isSpeech)!.unweightedAverageRecall,
      })),
    };
  });

  const speech = speechOf(ensemble, isSpeech);
  const y = speech.rows.map((row) => labels[row]);
  const foldOf = speech.rows.map((row) => folds.findIndex(({ test }) => test.includes(row)));
  const calibration = calibrate(speech.probabilities, y, foldOf, TARGET_ACCURACY);
  const shipped = { networks: fitted.production, perceptron: fitted.perceptrons.production };
  const graph = exportEnsemble(shipped, calibration.temperature);
  const [first] = fitted.production;

  return {
    created: new Date().toISOString(),
    classes: EMOTIONS,
    recipe: {
      pretraining: plan.pretraining(members[0])?.recipe ?? null,
      fit: plan.production(members[0])[0].recipe,
      ...{ members, cycles },
    },
    data: summarize(prepared),
    unseen: {
      seeds,
      ensemble: scoresOf(ensemble),
      groups: scoreGroups(speech, labels, {
        women: (row) => clips[row].gender === 'female',
        men: (row) => clips[row].gender === 'male',
        'normal intensity': (row) => clips[row].intensity === 'normal',
        'strong intensity': (row) => clips[row].intensity === 'strong',
      }),
      actors: scoreActors(speech, labels, clips),
      levers: measureLevers({ said, byVector, ensembles: ofMembers }, members, labels, isSpeech),
    },
    randomSplit: await Promise.all(
      fitted.randomSplit.map(async ({ seed, cycles: snapshots }) => {
        const { test } = plan.randomRows(seed);
        const predictions = await predictNetworks(snapshots, ravdess.spectrograms, test);
        return { seed, ...scoreWhere(predictions, labels)! };
      }),
    ),
    cremaD: cremaDTest && (await measureCremaD(shipped, cremaDTest)),
    robustness: await measureRobustness(plan, prepared, fitted, members),
    calibration: {
      temperature: calibration.temperature,
      threshold: calibration.threshold,
      targetAccuracy: TARGET_ACCURACY,
      coverage: calibration.coverage,
      accuracy: calibration.accuracy,
      errorBefore: expectedCalibrationError(speech.probabilities, y),
      errorAfter: expectedCalibrationError(calibration.probabilities, y),
      curve: coverageCurve(calibration.probabilities, y, 0.05),
      accuracyAt70: accuracyAtCoverage(calibration.probabilities, y, 0.7),
      reliability: reliabilityBins(calibration.probabilities, y),
    },
    noSpeech: await readNoSpeech(voice),
    timeline: await measureTimeline(
      folds.map(({ test }, fold) => ({
        ensemble: ensembleOf(fitted, members, fold),
        rows: test.filter(isSpeech),
      })),
      ravdess,
      calibration.temperature,
    ),
    curves: [...fitted.folds].flatMap(([seed, results]) =>
      results.map(({ fold, cycles: snapshots }) => ({
        name: `fold ${fold + 1}, seed ${seed}`,
        points: joinCurves(snapshots.map(({ curve }) => curve)),
      })),
    ),
    model: {
      bytes: graph.length,
      sha256: sha256(graph),
      parameters:
        first.values.length * fitted.production.length +
        parameterCount(fitted.perceptrons.production),
    },
  };
}

function speechOf(
  { rows, probabilities }: Predictions,
  isSpeech: (row: number) => boolean,
): Predictions {
  const kept = Int32Array.from(rows.keys()).filter((k) => isSpeech(rows[k]));
  return { rows: kept.map((k) => rows[k]), probabilities: takeRows(probabilities, kept) };
}

/** Returns what a fold's actors are tested with. */
function ensembleOf(
  { folds, perceptrons }: Fitted,
  members: readonly number[],
  fold: number,
): Ensemble {
  const networks = members.flatMap((seed) =>
    folds.get(seed)!.flatMap((of) => (of.fold === fold ? of.cycles : [])),
  );
  return { networks, perceptron: perceptrons.folds[fold] };
}

/** One curve of cycles that follow each other. */
function joinCurves(curves: readonly (readonly CurvePoint[])[]): CurvePoint[] {
  let done = 0;
  return curves.flatMap((curve) => {
    const points = curve.map((point) => ({ ...point, step: done + point.step }));
    done += curve.at(-1)?.step ?? 0;
    return points;
  });
}

async function measureCremaD(
  ensemble: Ensemble,
  { clips, labels, rows, spectrograms }: PreparedCorpus,
): Promise<NetworkResults['cremaD']> {
  const predictions = restrict(await predictEnsemble(ensemble, spectrograms, rows), labels);
  return {
    scores: scoreWhere(predictions, labels)!,
    actors: scoreActors(predictions, labels, clips),
    groups: scoreGroups(predictions, labels, {
      'low intensity': (row) => clips[row].intensity === 'low',
      'medium intensity': (row) => clips[row].intensity === 'normal',
      'high intensity': (row) => clips[row].intensity === 'strong',
      'intensity not asked for': (row) => clips[row].intensity === null,
    }),
  };
}

/** Takes the classes away that do not occur: six emotions are told apart, not eight. */
function restrict({ rows, probabilities }: Predictions, labels: Int32Array): Predictions {
  const occurs = new Set(rows.map((row) => labels[row]));
  const data = probabilities.data.map((p, i) => (occurs.has(i % EMOTION_COUNT) ? p : 0));
  return { rows, probabilities: { ...probabilities, data } };
}

async function measureRobustness(
  plan: Plan,
  { ravdess, conditions }: Prepared,
  fitted: Fitted,
  members: readonly number[],
): Promise<ConditionScores[]> {
  const { clips, labels } = ravdess;
  const measured = async (
    condition: string,
    spectrograms: Spectrograms,
    rendering: number,
    positionOf: (row: number) => number,
  ): Promise<ConditionScores> => {
    const pooled = await Promise.all(
      plan.folds().map(async ({ test }, fold) => {
        const rows = test.filter((row) => clips[row].channel === 'speech');
        const positions = rows.map(positionOf);
        const ensemble = ensembleOf(fitted, members, fold);
        return { ...(await predictEnsemble(ensemble, spectrograms, positions, rendering)), rows };
      }),
    );
    const { unweightedAverageRecall, accuracy } = scoreWhere(poolPredictions(pooled), labels)!;
    return { condition, unweightedAverageRecall, accuracy };
  };
  const table = [await measured('clean', ravdess.spectrograms, 0, (row) => row)];
  if (!conditions) return table;
  const positions = new Map(Array.from(conditions.rows, (row, position) => [row, position]));
  for (const [rendering, name] of conditions.names.entries()) {
    const { spectrograms } = conditions;
    table.push(await measured(name, spectrograms, rendering, (row) => positions.get(row)!));
  }
  return table;
}

function summarize({ ravdess, cremaD, cremaDTest }: Prepared): CorpusSummary[] {
  const summary = (trained: PreparedCorpus, heldOut: PreparedCorpus | null): CorpusSummary => {
    const of = (corpus: PreparedCorpus | null) =>
      corpus ? Array.from(corpus.rows, (row) => corpus.clips[row]) : [];
    const all = [...of(trained), ...of(heldOut)];
    const speakers = (clips: typeof all) => new Set(clips.map(({ speaker }) => speaker)).size;
    const byChannel: Record<string, number[]> = {};
    for (const { channel, emotion } of all) {
      byChannel[channel] ??= EMOTIONS.map(() => 0);
      byChannel[channel][EMOTIONS.indexOf(emotion)]++;
    }
    const { name, licence, citation } = CORPORA[trained.clips[0].corpus];
    return {
      ...{ name, licence, citation, clips: all.length, speakers: speakers(all), byChannel },
      heldOut: { clips: of(heldOut).length, speakers: speakers(of(heldOut)) },
      excluded: [...trained.exclusions, ...(heldOut?.exclusions ?? [])].map(({ id, reason }) => ({
        id,
        reason,
      })),
    };
  };
  return [summary(ravdess, null), ...(cremaD ? [summary(cremaD, cremaDTest)] : [])];
}
