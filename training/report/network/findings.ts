import type { ReliabilityBin } from '../../../evaluation/calibration.ts';
import {
  isFigure,
  listed,
  percent,
  plural,
  points,
  score,
  whole,
} from '../../../evaluation/report/format.ts';
import { mistakesIn, mistakeText } from '../../../evaluation/report/scores.ts';
import type { ConditionName } from '../../augment/conditions.ts';
import type {
  ActorScores,
  ConditionScores,
  CorpusSummary,
  NetworkResults,
} from '../../network/results.ts';

const CONDITION_NAMES: Readonly<Record<ConditionName, string>> = {
  clean: 'as recorded',
  'noise-10-db': 'everyday noise at 10 dB SNR',
  'small-room': 'small room',
  telephone: 'telephone band',
  'gain-minus-40-db': '40 dB softer',
  'gain-plus-20-db': '20 dB louder, clipped',
  'opus-16': 'Opus at 16 kbit/s',
};

/** Returns a condition in words; one that is not known keeps its name. */
export function conditionText(condition: string): string {
  return Object.hasOwn(CONDITION_NAMES, condition)
    ? CONDITION_NAMES[condition as ConditionName]
    : condition;
}

/** @example modelText(results); // 'average of 3 networks and a linear probe' */
export function modelText({ recipe }: NetworkResults): string {
  return averageOf(recipe.networks, recipe);
}

/** Returns what the protocols were measured with: networks that did not learn from what is tested. */
export function measuredText({ recipe }: NetworkResults): string {
  return averageOf(recipe.seeds.length, recipe);
}

/**
 * Returns what is averaged: networks, and a probe of each network that was published.
 *
 * @example averageOf(1, results.recipe); // 'average of one network and two linear probes'
 */
export function averageOf(
  count: number,
  { init, speech }: Pick<NetworkResults['recipe'], 'init' | 'speech'>,
): string {
  const probes = Number(init !== null) + Number(speech !== null);
  if (probes > 0)
    return `average of ${count > 1 ? `${count} networks` : 'one network'} and ${probes > 1 ? 'two linear probes' : 'a linear probe'}`;
  return count > 1 ? `average of ${count} networks` : 'one network';
}

/** @example useText(corpus); // '160 recordings by 10 speakers: 100 by 8 for training, 60 by 2 for testing only' */
export function useText({ clips, speakers, heldOut }: CorpusSummary): string {
  const all = `${plural(clips, 'recording')} by ${plural(speakers, 'speaker')}`;
  if (heldOut.clips === 0) return `${all}, all for training`;
  return `${all}: ${whole(clips - heldOut.clips)} by ${whole(speakers - heldOut.speakers)} for training, ${whole(heldOut.clips)} by ${whole(heldOut.speakers)} for testing only`;
}

export interface ConditionLoss extends ConditionScores {
  /** The condition in words. */
  readonly name: string;
  /** UAR lost against the first condition, which is clean; below 0 where it gains. */
  readonly loss: number;
}

/** Returns what the conditions cost, the worst first, without the clean one. */
export function conditionLosses({ robustness }: NetworkResults): ConditionLoss[] {
  const [clean, ...rest] = robustness;
  return rest
    .map((scores) => ({
      ...scores,
      name: conditionText(scores.condition),
      loss: clean.unweightedAverageRecall - scores.unweightedAverageRecall,
    }))
    .sort((a, b) => b.loss - a.loss);
}

/** Returns actors by their UAR, the lowest first. */
export function actorsFromWorst(actors: readonly ActorScores[]): ActorScores[] {
  return actors.toSorted((a, b) => a.unweightedAverageRecall - b.unweightedAverageRecall);
}

/** @example actorText(actor); // 'actor 14 (woman)' */
export function actorText({ actor, gender }: ActorScores): string {
  const person = { female: ' (woman)', male: ' (man)' };
  return `actor ${actor}${gender ? person[gender] : ''}`;
}

/** The corpora of voices, which the name of a group begins with. */
const VOICES = ['RAVDESS', 'CREMA-D'];
/** Groups of sounds that were synthesised, not recorded, begin with this. */
const MADE = 'made: ';
/** Recordings of one kind, and how many of them were answered "no speech". */
export interface Refusals {
  readonly name: string;
  readonly isVoice: boolean;
  readonly clips: number;
  readonly refused: number;
}

/** Returns the counts of "no speech" by kind: sounds first, then voices. */
export function refusalsByKind(results: NetworkResults): Refusals[] {
  const kinds = new Map<string, Refusals>();
  for (const { name, isVoice, clips, refused } of refusals(results)) {
    const kind = kindOf(name, isVoice);
    const total = kinds.get(kind) ?? { name: kind, isVoice, clips: 0, refused: 0 };
    kinds.set(kind, { ...total, clips: total.clips + clips, refused: total.refused + refused });
  }
  return [...kinds.values()].sort((a, b) => Number(a.isVoice) - Number(b.isVoice));
}

function refusals({ noSpeech }: NetworkResults): Refusals[] {
  return noSpeech.map((row) => ({
    ...row,
    isVoice: VOICES.some((title) => row.name.startsWith(title)),
  }));
}

function kindOf(name: string, isVoice: boolean): string {
  if (isVoice) return 'voices';
  return name.startsWith(MADE) ? 'synthesised sounds and music' : 'everyday sounds';
}

/** Returns the kinds that matter most in words: "97.0% of everyday sounds, 0.3% of voices". */
export function refusedText(results: NetworkResults): string {
  return listed(
    refusalsByKind(results).map(
      ({ name, clips, refused }) => `${percent(refused / clips, 1)} of ${name}`,
    ),
  );
}

/** Returns in sentences where the model fails most, each read off the figures. */
export function knownFailures(results: NetworkResults): string[] {
  const { unseen, classes, calibration } = results;
  const { speech } = unseen.ensemble;
  const weakest = classes
    .map((name, i) => ({ name, ...speech.perClass[i] }))
    .filter(({ support }) => support > 0)
    .sort((a, b) => a.recall - b.recall)[0];
  const mistakes = mistakesIn(speech.confusion, classes).slice(0, 5);
  const worstActors = actorsFromWorst(unseen.actors).slice(0, 3);
  const worst = conditionLosses(results)[0];
  const bin = mostOverconfident(calibration.reliability);
  return [
    weakest &&
      `Found least often: ${weakest.name}, in ${percent(weakest.recall)} of its recordings.`,
    mistakes.length > 0 && `Most frequent mistakes: ${mistakes.map(mistakeText).join('; ')}.`,
    worstActors.length > 0 &&
      `Lowest UAR of an actor: ${listed(worstActors.map((actor) => `${actorText(actor)} with ${score(actor.unweightedAverageRecall)}`))}. For some voices the model is much worse than on average.`,
    groupGap(results),
    worst &&
      worst.loss > 0 &&
      `Worst condition tested: ${worst.name}, ${points(worst.loss)} points of UAR lost.`,
    bin &&
      `Most overconfident between ${percent(bin.from)} and ${percent(bin.to)}: the mean confidence is ${percent(bin.confidence)}, and ${percent(bin.accuracy)} of ${plural(bin.clips, 'recording')} are classified correctly.`,
    heldOutGap(results),
    ...refusalFailures(results),
  ].filter((sentence) => typeof sentence === 'string');
}

/** A bin needs this many recordings before its confidence is called wrong. */
const LEAST_BIN = 20;

function mostOverconfident(bins: readonly ReliabilityBin[]): ReliabilityBin | undefined {
  return bins
    .filter(({ clips, confidence, accuracy }) => clips >= LEAST_BIN && confidence > accuracy)
    .sort((a, b) => b.confidence - b.accuracy - (a.confidence - a.accuracy))[0];
}

function groupGap({ unseen: { groups } }: NetworkResults): string | null {
  const sorted = groups.toSorted(
    (a, b) => a.scores.unweightedAverageRecall - b.scores.unweightedAverageRecall,
  );
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (!low || !high || low === high) return null;
  return `Lowest UAR of the groups of speech: ${low.name}, ${score(low.scores.unweightedAverageRecall)}; highest: ${high.name}, ${score(high.scores.unweightedAverageRecall)}.`;
}

function heldOutGap({ cremaD, classes }: NetworkResults): string | null {
  if (!cremaD || !isFigure(cremaD.scores.unweightedAverageRecall)) return null;
  const [first] = mistakesIn(cremaD.scores.confusion, classes);
  return `On held-out actors of CREMA-D (six emotions) the UAR is ${score(cremaD.scores.unweightedAverageRecall)}${first ? `; the most frequent mistake is ${mistakeText(first)}` : ''}.`;
}

/** Returns the sounds most often taken for speech and the voices most often refused. */
function refusalFailures(results: NetworkResults): string[] {
  const worst = (isVoice: boolean) =>
    refusals(results)
      .filter((row) => row.isVoice === isVoice)
      .map((row) => ({ ...row, wrong: isVoice ? row.refused : row.clips - row.refused }))
      .filter(({ wrong }) => wrong > 0)
      .sort((a, b) => b.wrong / b.clips - a.wrong / a.clips)
      .slice(0, 3)
      .map(({ name, wrong, clips }) => `${name} (${wrong} of ${plural(clips, 'recording')})`);
  const [sounds, voices] = [worst(false), worst(true)];
  return [
    ...(sounds.length > 0 ? [`Sounds most often taken for speech: ${sounds.join('; ')}.`] : []),
    ...(voices.length > 0 ? [`Voices most often answered “no speech”: ${voices.join('; ')}.`] : []),
  ];
}
