import { expectedCalibrationError } from '../metrics.ts';
import { calibrate, coverageCurve } from '../pipeline/calibrate.ts';
import type { Scores } from '../pipeline/protocols.ts';
import { CORPORA } from '../corpus/corpora.ts';
import { EMOTION_COUNT, EMOTIONS } from '../../core/model/emotions.ts';
import { takeRows } from '../matrix.ts';
import {
  accuracyAtCoverage,
  averagePredictions,
  type Predictions,
  poolPredictions,
  reliabilityBins,
  scoreActors,
  scoreGroups,
  scoreWhere,
} from './evaluate.ts';
import { exportNetworks } from './export.ts';
import { sha256 } from '../corpus/extract.ts';
import type { NetworkResult } from './network-task.ts';
import type { Plan } from './plan.ts';
import { predictClips } from './predict.ts';
import type { ConditionScores, CorpusSummary, Lever, NetworkResults, SeedScores } from './results.ts';
import type { Spectrograms } from './spectrogram-store.ts';
import type { Fitted, Prepared, PreparedCorpus, TrainNetworkOptions } from './train.ts';

/** What is answered should be right this often; below the threshold for it the answer is "uncertain". */
const TARGET_ACCURACY = 0.8;

/** Measures everything that the report says from the finished fits. */
export async function measure(
  plan: Plan,
  prepared: Prepared,
  fitted: Fitted,
  { members, otherSeeds }: TrainNetworkOptions,
): Promise<NetworkResults> {
  const { ravdess, cremaDTest } = prepared;
  const { clips, labels } = ravdess;
  const isSpeech = (row: number) => clips[row].channel === 'speech';
  const folds = plan.folds();

  // What every seed says about the actors of every fold that it was run on.
  const said = new Map<number, Map<number, Predictions>>();
  for (const [seed, results] of fitted.folds) {
    const byFold = new Map<number, Predictions>();
    for (const { fold, result } of results) {
      byFold.set(fold, await predict([result], ravdess.spectrograms, folds[fold].test));
    }
    said.set(seed, byFold);
  }
  const ofMembers = folds.map((_, fold) =>
    averagePredictions(members.map((seed) => said.get(seed)!.get(fold)!)),
  );
  const ensemble = poolPredictions(ofMembers);
  const scoresOf = (predictions: Predictions) => ({
    speech: scoreWhere(predictions, labels, isSpeech)!,
    song: scoreWhere(predictions, labels, (row) => !isSpeech(row)),
  });
  const seeds = [...members, ...otherSeeds].map((seed): SeedScores => {
    const byFold = [...said.get(seed)!].sort(([a], [b]) => a - b);
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
  const graph = exportNetworks(fitted.production, calibration.temperature);
  const [first] = fitted.production;

  return {
    created: new Date().toISOString(),
    fitMinutes: allResults(fitted).reduce((sum, { minutes }) => sum + minutes, 0),
    classes: EMOTIONS,
    recipe: {
      pretraining: plan.pretraining(members[0])?.recipe ?? null,
      fit: plan.production(members[0]).recipe,
      members,
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
      levers: levers(seeds, said, members, labels, isSpeech),
    },
    randomSplit: await Promise.all(
      fitted.randomSplit.map(async ({ seed, result }) => {
        const { test } = plan.randomRows(seed);
        const predictions = await predict([result], ravdess.spectrograms, test);
        return { seed, ...scoreWhere(predictions, labels)! };
      }),
    ),
    cremaD: cremaDTest && (await measureCremaD(fitted.production, cremaDTest)),
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
    noSpeech: await measureNoSpeech(prepared),
    timeline: await measureTimeline(plan, prepared, fitted, members),
    curves: [...fitted.folds].flatMap(([seed, results]) =>
      results.map(({ fold, result }) => ({
        name: `fold ${fold + 1}, seed ${seed}`,
        points: result.curve,
      })),
    ),
    model: {
      bytes: graph.length,
      sha256: sha256(graph),
      parameters: first.values.length * fitted.production.length,
    },
  };
}
