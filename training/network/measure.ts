import { EMOTION_COUNT, EMOTIONS } from '../../core/model/emotions.ts';
import { chooseThreshold, coverageCurve } from '../calibration.ts';
import type { Clip } from '../corpus/clip.ts';
import { CREMA_D } from '../corpus/crema-d.ts';
import { sha256 } from '../corpus/extract.ts';
import { RAVDESS } from '../corpus/ravdess.ts';
import { ESC_10_CATEGORIES } from '../corpus/sounds.ts';
import { argmaxRows, type Matrix, rowOf, takeRows } from '../matrix.ts';
import { expectedCalibrationError } from '../metrics.ts';
import type { PlainSpeech } from '../report/sections/outside.ts';
import {
  averagePredictions,
  type Predictions,
  poolPredictions,
  reliabilityBins,
  scoreActors,
  scoreGroups,
  scoreWhere,
} from './evaluate.ts';
import { exportEnsemble } from './export.ts';
import { measureTimeline } from './measure-timeline.ts';
import type { NetworkResult } from './network-task.ts';
import { type Plan, plainFoldOf, trainable } from './plan.ts';
import { predictClips } from './predict.ts';
import {
  type Prepared,
  type PreparedCorpus,
  type PrepareOptions,
  prepareConditions,
} from './prepare.ts';
import type { ConditionScores, CorpusSummary, NetworkResults } from './results.ts';
import { applyScaling, fitScaling, type Scaling } from './scaling.ts';
import type { Spectrograms } from './spectrogram-store.ts';

/** What is answered should be right this often on recordings unlike those learned from. */
const TARGET_ACCURACY = 0.75;
/**
 * Share of everyday sounds that the threshold of a voice refuses. Voices lie far above it, so that one
 * in noise, whispered or over a bad line is still a voice.
 */
const SOUNDS_REFUSED = 0.965;
/**
 * How much of the biases that other corpora ask for is applied. All of it gains 1 to 2 points of mean UAR
 * on corpora left out, and loses 8 on unseen speakers of RAVDESS, so none is.
 */
const BIAS_STRENGTH = 0;

export interface MeasureOptions extends PrepareOptions {
  /** Seeds of the networks whose average ships; none ships networks of the protocols. */
  readonly members: readonly number[];
  /** Seeds of the networks that the protocols are measured with, averaged. */
  readonly seeds: readonly number[];
}

/** The finished fits, by what they are for. */
export interface Fitted {
  /** The networks of each fold of RAVDESS that was asked for, by its number from 0. */
  readonly folds: ReadonlyMap<number, readonly NetworkResult[]>;
  /** The networks of each corpus that was left out, by its name. */
  readonly without: ReadonlyMap<string, readonly NetworkResult[]>;
  /** What ships: networks trained on everything, or those of the protocols. */
  readonly shipped: readonly NetworkResult[];
  readonly randomSplit: readonly NetworkResult[];
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
  /** The folds that were fitted, with their networks and the actors that they are tested with. */
  const folds = foldsOf(plan, fitted);

  const raw: LeftOut[] = [];
  for (const { networks, test } of folds) {
    raw.push({ corpus: ravdess, ...(await predict(networks, ravdess.spectrograms, test)) });
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
  const graph = exportEnsemble(
    fitted.shipped.map(({ weights }) => weights),
    scaling,
  );
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
      networks: fitted.shipped.length,
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
      folds.map(({ networks, test }) => ({
        networks: networks.map(({ weights }) => weights),
        rows: test.filter(isSpeech),
      })),
      ravdess,
      protocolScaling,
    ),
    curves: [
      ...options.members.map((seed, i) => ({
        name: `everything, seed ${seed}`,
        points: fitted.shipped[i].curve,
      })),
      ...[...fitted.without].flatMap(([name, results]) =>
        results.map(({ curve }, i) => ({
          name: `without ${name}, seed ${options.seeds[i]}`,
          points: curve,
        })),
      ),
      ...folds.flatMap(({ fold, networks }) =>
        networks.map(({ curve }, i) => ({
          name: `fold ${fold + 1}, seed ${options.seeds[i]}`,
          points: curve,
        })),
      ),
    ],
    model: {
      bytes: graph.length,
      sha256: sha256(graph),
      parameters: fitted.shipped.length * parameterCount(fitted.shipped[0]),
    },
  };
}

function foldsOf(plan: Plan, { folds }: Fitted) {
  const all = plan.folds();
  return [...folds].map(([fold, networks]) => ({ fold, networks, ...all[fold] }));
}

/** What a whole corpus was told by networks that had not learned from it. */
interface LeftOut extends Predictions {
  readonly corpus: PreparedCorpus;
}

async function measureLeftOut(plan: Plan, fitted: Fitted): Promise<LeftOut[]> {
  const leftOut: LeftOut[] = [];
  for (const corpus of plan.anotherCorpora()) {
    const networks = fitted.without.get(corpus.corpus.name)!;
    const rows = plan.anotherCorpusTest(corpus);
    leftOut.push({ corpus, ...(await predict(networks, corpus.spectrograms, rows)) });
  }
  return leftOut;
}

/**
 * Returns by how much the temperature of the average of all members differs from that of the networks
 * that the protocols are measured with, since an average is less sure than its members. Found on the
 * actors of CREMA-D whom none has learned from; 1 without them.
 */
async function memberFactor(fitted: Fitted, prepared: Prepared): Promise<number> {
  const test = cremaDTest(prepared);
  const [tested] = fitted.without.values();
  const seeds = tested?.length ?? 1;
  if (!test || fitted.shipped.length <= seeds) return 1;
  const { corpus, rows } = test;
  const y = rows.map((row) => corpus.labels[row]);
  const temperatureOf = async (networks: readonly NetworkResult[]) =>
    fitScaling((await predict(networks, corpus.spectrograms, rows)).probabilities, y, 0)
      .temperature;
  const all = await temperatureOf(fitted.shipped);
  const some = await temperatureOf(fitted.shipped.slice(0, seeds));
  return all / some;
}

/**
 * Chooses scaling and threshold on the corpora left out, each counting alike, and judges every corpus
 * at the values that the others give.
 */
function calibrateOutside(leftOut: readonly LeftOut[], factor: number) {
  const count = Math.min(...leftOut.map(({ rows }) => rows.length));
  const samples = leftOut.map(({ rows, probabilities, corpus }) => {
    const kept = Int32Array.from({ length: count }, (_, i) =>
      Math.floor((i * rows.length) / count),
    );
    return {
      probabilities: takeRows(probabilities, kept),
      rows: kept.map((i) => rows[i]),
      y: kept.map((i) => corpus.labels[rows[i]]),
    };
  });
  /** Scaling and threshold from all corpora but one, or from all. */
  const fit = (without: number) => {
    const kept = samples.length > 1 ? samples.filter((_, k) => k !== without) : samples;
    const { probabilities } = poolPredictions(kept);
    const y = Int32Array.from(kept.flatMap((sample) => Array.from(sample.y)));
    const scaling = fitScaling(probabilities, y, BIAS_STRENGTH);
    const threshold = chooseThreshold(applyScaling(probabilities, scaling), y, TARGET_ACCURACY);
    return { scaling, threshold };
  };
  const ofCorpus = new Map(
    leftOut.map((left, k) => {
      const { corpus, rows } = left;
      const { scaling, threshold } = fit(k);
      const own = scaled(left, scaling);
      const told = restricted(own, corpus.labels);
      const y = rows.map((row) => corpus.labels[row]);
      return [
        left,
        {
          scores: scoreWhere(told, corpus.labels)!,
          bySex: sexScores(told, corpus),
          expectedCalibrationError: expectedCalibrationError(own.probabilities, y),
          ...answered(own.probabilities, y, threshold),
        },
      ] as const;
    }),
  );
  const crossFitted = poolPredictions(
    samples.map((sample, k) => scaled(sample, fit(k).scaling)),
  ).probabilities;
  const y = Int32Array.from(samples.flatMap((sample) => Array.from(sample.y)));
  const all = fit(-1);
  const { bias, temperature } = all.scaling;
  return {
    protocolScaling: all.scaling,
    scaling: { bias, temperature: temperature * factor },
    threshold: all.threshold,
    ...pooledAnswers([...ofCorpus.values()]),
    errorBefore: expectedCalibrationError(poolPredictions(samples).probabilities, y),
    errorAfter: expectedCalibrationError(crossFitted, y),
    curve: coverageCurve(crossFitted, y, 0.05),
    reliability: reliabilityBins(crossFitted, y),
    ofCorpus,
  };
}

/** Returns the share answered and its accuracy over several corpora, each counting alike. */
function pooledAnswers(
  corpora: readonly { readonly coverage: number; readonly answeredAccuracy: number | null }[],
) {
  const coverage = corpora.reduce((sum, each) => sum + each.coverage, 0) / corpora.length;
  const right = corpora.reduce(
    (sum, each) => sum + each.coverage * (each.answeredAccuracy ?? 0),
    0,
  );
  return { coverage, accuracy: coverage > 0 ? right / corpora.length / coverage : 0 };
}

/** Returns the share that is answered, and the accuracy of that; null when nothing is. */
function answered(probabilities: Matrix, y: Int32Array, threshold: number) {
  const predicted = argmaxRows(probabilities);
  const told = [...predicted.keys()].filter(
    (i) => rowOf(probabilities, i)[predicted[i]] >= threshold,
  );
  const right = told.filter((i) => predicted[i] === y[i]).length;
  return {
    coverage: told.length / y.length,
    answeredAccuracy: told.length > 0 ? right / told.length : null,
  };
}

function sexScores(predictions: Predictions, { clips, labels }: PreparedCorpus) {
  return (['female', 'male'] as const).flatMap((sex) => {
    const scores = scoreWhere(predictions, labels, (row) => clips[row].gender === sex);
    if (!scores) return [];
    const { clips: count, accuracy, unweightedAverageRecall } = scores;
    return [{ sex, clips: count, accuracy, unweightedAverageRecall }];
  });
}

function cremaDTest({ corpora }: Prepared) {
  const corpus = corpora.find((candidate) => candidate.corpus === CREMA_D);
  if (!corpus) return null;
  const may = new Set(trainable(corpus));
  const rows = corpus.rows.filter((row) => !may.has(row));
  return rows.length > 0 ? { corpus, rows } : null;
}

async function measureCremaD(
  prepared: Prepared,
  { shipped }: Fitted,
  scaling: Scaling,
  threshold: number,
): Promise<NetworkResults['cremaD']> {
  const test = cremaDTest(prepared);
  if (!test) return null;
  const { corpus, rows } = test;
  const { clips, labels } = corpus;
  const calibrated = scaled(await predict(shipped, corpus.spectrograms, rows), scaling);
  const predictions = restricted(calibrated, labels);
  const y = rows.map((row) => labels[row]);
  const majority = Int32Array.from(labels, (_, i) => majorityOf(prepared.votes.get(clips[i].id)));
  const listeners = scoreWhere(predictions, majority, (row) => majority[row] >= 0);
  return {
    scores: scoreWhere(predictions, labels)!,
    ...answered(calibrated.probabilities, y, threshold),
    expectedCalibrationError: expectedCalibrationError(calibrated.probabilities, y),
    listeners: listeners && {
      clips: listeners.clips,
      accuracy: listeners.accuracy,
      unweightedAverageRecall: listeners.unweightedAverageRecall,
    },
    actors: scoreActors(predictions, labels, clips),
    groups: scoreGroups(predictions, labels, {
      'low intensity': (row) => clips[row].intensity === 'low',
      'medium intensity': (row) => clips[row].intensity === 'normal',
      'high intensity': (row) => clips[row].intensity === 'strong',
      'intensity not asked for': (row) => clips[row].intensity === null,
    }),
  };
}

/** Returns the class that most listeners named; −1 where two share the lead or nobody voted. */
function majorityOf(votes: Float32Array | undefined): number {
  if (!votes) return -1;
  const most = Math.max(...votes);
  const leaders = [...votes.keys()].filter((k) => votes[k] === most);
  return most > 0 && leaders.length === 1 ? leaders[0] : -1;
}

/** Shares of the verdicts on speech of which no emotion was asked, by networks that do not know the speaker. */
async function measurePlainSpeech(
  plan: Plan,
  { corpora }: Prepared,
  fitted: Fitted,
  limits: {
    readonly scaling: Scaling;
    readonly threshold: number;
    readonly voiceThreshold: number;
  },
): Promise<PlainSpeech[]> {
  const plain = corpora.filter(({ corpus }) => corpus.isPlainSpeech);
  return Promise.all(
    plain.map(async ({ corpus, clips, rows, spectrograms }) => {
      const counts: Record<string, number> = {};
      let clipCount = 0;
      const speakers = new Set<string>();
      for (const { fold, networks } of foldsOf(plan, fitted)) {
        const own = rows.filter((row) => plainFoldOf(clips[row], plan.folds().length) === fold);
        clipCount += own.length;
        for (const row of own) speakers.add(clips[row].speaker);
        const { probabilities, voices } = await predict(networks, spectrograms, own);
        const calibrated = applyScaling(probabilities, limits.scaling);
        argmaxRows(calibrated).forEach((k, i) => {
          const isSure = rowOf(calibrated, i)[k] >= limits.threshold;
          const label =
            voices[i] < limits.voiceThreshold ? 'no-speech' : isSure ? EMOTIONS[k] : 'uncertain';
          counts[label] = (counts[label] ?? 0) + 1;
        });
      }
      return {
        corpus: corpus.title,
        clips: clipCount,
        speakers: speakers.size,
        verdicts: Object.fromEntries(
          Object.entries(counts).map(([label, count]) => [label, count / clipCount]),
        ),
      };
    }),
  );
}

/**
 * Chooses the threshold of a voice and counts what is refused: voices and sounds of each fold by the
 * networks that have learned from neither.
 */
async function measureVoices(plan: Plan, prepared: Prepared, fitted: Fitted) {
  const { sounds, spectrograms } = prepared.sounds;
  const groups = new Map<string, number[]>();
  const add = (name: string, voices: ArrayLike<number>) =>
    groups.set(name, [...(groups.get(name) ?? []), ...Array.from(voices)]);
  const ravdess = prepared.corpora[0];
  for (const { fold, networks, test } of foldsOf(plan, fitted)) {
    const own = Int32Array.from(sounds.keys()).filter((i) => sounds[i].fold === fold);
    const { voices } = await predict(networks, spectrograms, own);
    own.forEach((i, k) => {
      const { category, isMade } = sounds[i];
      const isEsc10 = ESC_10_CATEGORIES.includes(category) && !isMade;
      add(isEsc10 ? category : isMade ? `made: ${category}` : category, [voices[k]]);
    });
    for (const channel of ['speech', 'song'] as const) {
      const rows = test.filter((row) => ravdess.clips[row].channel === channel);
      if (rows.length === 0) continue;
      add(`RAVDESS ${channel}`, (await predict(networks, ravdess.spectrograms, rows)).voices);
    }
  }
  const test = cremaDTest(prepared);
  if (test) {
    const { voices } = await predict(fitted.shipped, test.corpus.spectrograms, test.rows);
    add('CREMA-D, actors kept apart', voices);
  }
  const isVoice = (name: string) => name.startsWith('RAVDESS') || name.startsWith('CREMA-D');
  const isMade = (name: string) => name.startsWith('made: ');
  const everyday = [...groups]
    .flatMap(([name, values]) => (isVoice(name) || isMade(name) ? [] : values))
    .sort((a, b) => a - b);
  const threshold =
    everyday.length > 0
      ? Number(everyday[Math.ceil(SOUNDS_REFUSED * everyday.length) - 1].toFixed(2)) + 0.01
      : 0.5;
  return {
    threshold,
    groups: [...groups]
      .sort(([a], [b]) => Number(isVoice(b)) - Number(isVoice(a)) || (a < b ? -1 : 1))
      .map(([name, values]) => ({
        name,
        clips: values.length,
        refused: values.filter((value) => value < threshold).length,
      })),
  };
}

async function measureRandomSplit(
  plan: Plan,
  { spectrograms, labels }: PreparedCorpus,
  { randomSplit }: Fitted,
  seed: number,
  scaling: Scaling,
): Promise<NetworkResults['randomSplit']> {
  if (randomSplit.length === 0) return [];
  const { test } = plan.randomRows(seed);
  return [
    {
      seed,
      ...scoreWhere(scaled(await predict(randomSplit, spectrograms, test), scaling), labels)!,
    },
  ];
}

async function measureRobustness(
  plan: Plan,
  prepared: Prepared,
  fitted: Fitted,
  scaling: Scaling,
  options: MeasureOptions,
): Promise<ConditionScores[]> {
  const ravdess = prepared.corpora[0];
  const { clips, labels } = ravdess;
  const tested = new Set(foldsOf(plan, fitted).flatMap(({ test }) => Array.from(test)));
  const speech = ravdess.rows.filter((row) => clips[row].channel === 'speech' && tested.has(row));
  const measured = async (
    condition: string,
    spectrograms: Spectrograms,
    rendering: number,
    positionOf: (row: number) => number,
  ): Promise<ConditionScores> => {
    const pooled: Predictions[] = [];
    for (const { networks, test } of foldsOf(plan, fitted)) {
      const rows = test.filter((row) => clips[row].channel === 'speech');
      const positions = rows.map(positionOf);
      const said = await predict(networks, spectrograms, positions, rendering);
      pooled.push({ ...scaled(said, scaling), rows });
    }
    const { unweightedAverageRecall, accuracy } = scoreWhere(poolPredictions(pooled), labels)!;
    return { condition, unweightedAverageRecall, accuracy };
  };
  const table = [await measured('clean', ravdess.spectrograms, 0, (row) => row)];
  if (prepared.everydaySounds.length === 0) return table;
  const own = Array.from(speech, (row) => clips[row]);
  const { names, spectrograms } = await prepareConditions(own, prepared.everydaySounds, options);
  const positions = new Map(Array.from(speech, (row, position) => [row, position]));
  for (const [rendering, name] of names.entries()) {
    table.push(await measured(name, spectrograms, rendering, (row) => positions.get(row)!));
  }
  return table;
}

/** Returns the mean of what some networks say about clips. */
async function predict(
  networks: readonly NetworkResult[],
  spectrograms: Spectrograms,
  rows: Int32Array,
  rendering = 0,
): Promise<Predictions & { readonly voices: Float32Array }> {
  const members: Predictions[] = [];
  const voices = new Float32Array(rows.length);
  for (const { weights } of networks) {
    const said = await predictClips(weights, spectrograms, rows, rendering);
    members.push({ rows, probabilities: said.emotions });
    said.voices.forEach((voice, i) => {
      voices[i] += voice / networks.length;
    });
  }
  return { ...averagePredictions(members), voices };
}

function scaled({ rows, probabilities }: Predictions, scaling: Scaling): Predictions {
  return { rows, probabilities: applyScaling(probabilities, scaling) };
}

function wherever(
  { rows, probabilities }: Predictions,
  filter: (row: number) => boolean,
): Predictions {
  const kept = Int32Array.from(rows.keys()).filter((k) => filter(rows[k]));
  return { rows: kept.map((k) => rows[k]), probabilities: takeRows(probabilities, kept) };
}

/** Takes away the classes that do not occur: of six emotions one is told, not of eight. */
function restricted({ rows, probabilities }: Predictions, labels: Int32Array): Predictions {
  const occurs = new Set(rows.map((row) => labels[row]));
  const data = probabilities.data.map((p, i) => (occurs.has(i % EMOTION_COUNT) ? p : 0));
  return { rows, probabilities: { ...probabilities, data } };
}

function parameterCount({ weights }: NetworkResult): number {
  let count = 0;
  const visit = (value: unknown): void => {
    if (value instanceof Float32Array) count += value.length;
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(weights);
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
