import { EMOTIONS } from '../../core/model/emotions.ts';
import { answered, TARGET_ACCURACY } from '../../evaluation/calibration.ts';
import { expectedCalibrationError } from '../../evaluation/metrics.ts';
import type { Clip } from '../corpus/clip.ts';
import { sha256 } from '../corpus/extract.ts';
import { RAVDESS } from '../corpus/ravdess.ts';
import {
  ensembleOf,
  type Fitted,
  poolPredictions,
  predict,
  scaled,
  scoreActors,
  scoreGroups,
  scoreWhere,
  sexScores,
  wherever,
} from './evaluate.ts';
import { type Ensemble, exportEnsemble } from './export.ts';
import { measureRandomSplit, measureRobustness, measureVoices } from './measure-laboratory.ts';
import {
  calibrateOutside,
  type LeftOut,
  measureCremaD,
  measureLeftOut,
  measurePlainSpeech,
  memberFactor,
} from './measure-outside.ts';
import { measureTimeline } from './measure-timeline.ts';
import { foldsOf, type Plan, trainable } from './plan.ts';
import type { Prepared, PreparedCorpus, PrepareOptions } from './prepare.ts';
import type { CorpusSummary, NetworkResults } from './results.ts';

export interface MeasureOptions extends PrepareOptions {
  /** Seeds of the networks whose average ships; none ships networks of the protocols. */
  readonly members: readonly number[];
  /** Seeds of the networks that the protocols are measured with, averaged. */
  readonly seeds: readonly number[];
  /** SHA-256 of the weights of the speech embedding; null without it. */
  readonly speech: string | null;
}

/** Measures everything that the report says from the finished fits. */
export async function measure(
  plan: Plan,
  prepared: Prepared,
  fitted: Fitted,
  options: MeasureOptions,
): Promise<NetworkResults> {
  const { corpora } = prepared;
  const ravdess = corpora.find(({ corpus }) => corpus === RAVDESS)!;
  const { clips, labels } = ravdess;
  const isSpeech = (row: number) => clips[row].channel === 'speech';
  /** The folds that were fitted, with what they are tested with and their actors. */
  const folds = foldsOf(plan, fitted);

  const raw: LeftOut[] = [];
  for (const { trained, test } of folds) {
    raw.push({ corpus: ravdess, ...(await predict(trained, ravdess.spectrograms, test)) });
  }
  const leftOut = await measureLeftOut(plan, fitted);
  // Without another corpus the actors of the folds are all the strangers that there are.
  const strangers = leftOut.length > 0 ? leftOut : raw;
  const calibration = calibrateOutside(strangers, await memberFactor(fitted, prepared));
  // Of the networks that the protocols are measured with, and of the average that ships.
  const { protocolScaling, scaling, threshold } = calibration;

  const byFold = raw.map((said) => scaled(said, protocolScaling));
  const unseen = poolPredictions(byFold);
  const speech = wherever(unseen, isSpeech);
  const voice = await measureVoices(plan, prepared, fitted);
  const shipped = ensembleOf(fitted.shipped);
  const graph = exportEnsemble(shipped, scaling);
  const typical =
    options.members.length > 0
      ? plan.everything(options.members[0])
      : plan.fold(0, options.seeds[0]);
  const y = speech.rows.map((row) => labels[row]);
  const sexOf = (row: number) => clips[row].gender;

  return {
    created: new Date().toISOString(),
    classes: EMOTIONS,
    recipe: {
      fit: typical.recipe,
      init: typical.init?.sha256 ?? null,
      speech: options.speech,
      networks: shipped.networks.length,
      members: options.members,
      seeds: options.seeds,
    },
    data: corpora.map(summarize),
    unseen: {
      ensemble: {
        speech: scoreWhere(speech, labels)!,
        song: scoreWhere(unseen, labels, (row) => !isSpeech(row)),
      },
      groups: scoreGroups(speech, labels, {
        women: (row) => sexOf(row) === 'female',
        men: (row) => sexOf(row) === 'male',
        'normal intensity': (row) => clips[row].intensity === 'normal',
        'strong intensity': (row) => clips[row].intensity === 'strong',
      }),
      actors: scoreActors(speech, labels, clips),
      folds: byFold.map((predictions, i) => ({
        fold: folds[i].fold + 1,
        actors: [...new Set(Array.from(folds[i].test, (row) => clips[row].actor))].sort(
          (a, b) => a - b,
        ),
        uar: scoreWhere(predictions, labels, isSpeech)!.unweightedAverageRecall,
      })),
      ...answered(speech.probabilities, y, threshold),
      expectedCalibrationError: expectedCalibrationError(speech.probabilities, y),
    },
    randomSplit: await measureRandomSplit(plan, ravdess, fitted, options.seeds[0], protocolScaling),
    anotherCorpus:
      leftOut.length === 0
        ? null
        : {
            threshold,
            targetAccuracy: TARGET_ACCURACY,
            corpora: leftOut.map((left) => ({
              name: left.corpus.corpus.title,
              speakers: new Set(Array.from(left.rows, (row) => left.corpus.clips[row].speaker))
                .size,
              ...calibration.ofCorpus.get(left)!,
            })),
          },
    plainSpeech: await measurePlainSpeech(plan, prepared, fitted, {
      scaling: protocolScaling,
      threshold,
      voiceThreshold: voice.threshold,
    }),
    bySex: [{ name: 'RAVDESS speech, unseen speakers', bySex: sexScores(speech, ravdess) }],
    cremaD: await measureCremaD(prepared, fitted, scaling, threshold),
    robustness: await measureRobustness(plan, prepared, fitted, protocolScaling, options),
    calibration: {
      ...scaling,
      threshold,
      voiceThreshold: voice.threshold,
      targetAccuracy: TARGET_ACCURACY,
      coverage: calibration.coverage,
      accuracy: calibration.accuracy,
      errorBefore: calibration.errorBefore,
      errorAfter: calibration.errorAfter,
      curve: calibration.curve,
      reliability: calibration.reliability,
    },
    noSpeech: voice.groups,
    timeline: await measureTimeline(
      folds.map(({ trained, test }) => ({
        ensemble: ensembleOf(trained),
        rows: test.filter(isSpeech),
      })),
      ravdess,
      protocolScaling,
    ),
    curves: [
      ...options.members.map((seed, i) => ({
        name: `everything, seed ${seed}`,
        points: fitted.shipped.networks[i].curve,
      })),
      ...[...fitted.without].flatMap(([name, { networks }]) =>
        networks.map(({ curve }, i) => ({
          name: `without ${name}, seed ${options.seeds[i]}`,
          points: curve,
        })),
      ),
      ...folds.flatMap(({ fold, trained }) =>
        trained.networks.map(({ curve }, i) => ({
          name: `fold ${fold + 1}, seed ${options.seeds[i]}`,
          points: curve,
        })),
      ),
    ],
    model: {
      bytes: graph.length,
      sha256: sha256(graph),
      parameters: parameterCount(shipped),
    },
  };
}

function parameterCount(ensemble: Ensemble): number {
  let count = 0;
  const visit = (value: unknown): void => {
    if (value instanceof Float32Array) count += value.length;
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(ensemble);
  return count;
}

function summarize(corpus: PreparedCorpus): CorpusSummary {
  const { title, licence, citation } = corpus.corpus;
  const own = Array.from(corpus.rows, (row) => corpus.clips[row]);
  const trained = new Set(Array.from(trainable(corpus), (row) => corpus.clips[row]));
  const heldOut = own.filter((clip) => !trained.has(clip));
  const speakersOf = (clips: readonly Clip[]) => new Set(clips.map(({ speaker }) => speaker)).size;
  const byChannel: Record<string, number[]> = {};
  for (const { channel, emotion } of own) {
    byChannel[channel] ??= EMOTIONS.map(() => 0);
    byChannel[channel][EMOTIONS.indexOf(emotion)]++;
  }
  return {
    name: title,
    licence,
    citation,
    isPlainSpeech: corpus.corpus.isPlainSpeech ?? false,
    clips: own.length,
    speakers: speakersOf(own),
    byChannel,
    heldOut: { clips: heldOut.length, speakers: speakersOf(heldOut) },
    excluded: corpus.exclusions.map(({ id, reason }) => ({ id, reason })),
  };
}
