import type { ActorScores, NetworkResults, ReliabilityBin } from '../../network/results.ts';
import { isFigure, listed, percent, plural, points, score } from '../format.ts';
import { mistakesIn, mistakeText } from '../mistakes.ts';
import { refusalFailures } from './no-speech.ts';
import { conditionText } from './wording.ts';

/** A bin needs that many recordings before its confidence is called wrong. */
const LEAST_BIN = 20;

export interface ConditionLoss {
  readonly name: string;
  readonly uar: number;
  readonly accuracy: number;
  /** UAR lost against the first condition, which is clean; below 0 where it gains. */
  readonly loss: number;
}

/** Returns what the conditions cost, the worst first, without the clean one. */
export function conditionLosses({ robustness }: NetworkResults): ConditionLoss[] {
  const [clean, ...rest] = robustness;
  return rest
    .map(({ condition, unweightedAverageRecall: uar, accuracy }) => ({
      name: conditionText(condition),
      uar,
      accuracy,
      loss: clean.unweightedAverageRecall - uar,
    }))
    .sort((a, b) => b.loss - a.loss);
}

/** Returns actors from the worst heard to the best. */
export function actorsFromWorst(actors: readonly ActorScores[]): ActorScores[] {
  return actors.toSorted((a, b) => a.unweightedAverageRecall - b.unweightedAverageRecall);
}

/** @example actorText(actor); // 'actor 14 (woman)' */
export function actorText({ actor, gender }: ActorScores): string {
  const person = { female: ' (woman)', male: ' (man)' };
  return `actor ${actor}${gender ? person[gender] : ''}`;
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
  const proud = mostOverconfident(calibration.reliability);
  return [
    weakest &&
      `Found least often: ${weakest.name}, in ${percent(weakest.recall)} of its recordings.`,
    mistakes.length > 0 && `Most frequent mistakes: ${mistakes.map(mistakeText).join('; ')}.`,
    worstActors.length > 0 &&
      `Heard worst: ${listed(worstActors.map((actor) => `${actorText(actor)} with a UAR of ${score(actor.unweightedAverageRecall)}`))}. Some voices are heard much worse than the mean tells.`,
    groupGap(results),
    worst &&
      worst.loss > 0 &&
      `Worst condition tested: ${worst.name}, ${points(worst.loss)} points of UAR lost.`,
    proud &&
      `Most overconfident between ${percent(proud.from, 0)} and ${percent(proud.to, 0)}: there it tells ${percent(proud.confidence)} on average and is right in ${percent(proud.accuracy)} of ${plural(proud.clips, 'recording')}.`,
    strangersGap(results),
    ...refusalFailures(results),
  ].filter((sentence) => typeof sentence === 'string');
}

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

function strangersGap({ cremaD, classes }: NetworkResults): string | null {
  if (!cremaD || !isFigure(cremaD.scores.unweightedAverageRecall)) return null;
  const [first] = mistakesIn(cremaD.scores.confusion, classes);
  return `On another corpus (CREMA-D, six emotions) the UAR is ${score(cremaD.scores.unweightedAverageRecall)}${first ? `; its most frequent mistake is ${mistakeText(first)}` : ''}.`;
}
