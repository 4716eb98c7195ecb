import { percent as formatPercent } from '../../lib/percent.ts';
import type { Parameters } from '../baselines/families.ts';
import type { CandidateResults, Results } from '../baselines/results.ts';

/** Stands where there is no figure: JSON has no NaN, so what could not be measured arrives as null. */
export const NO_FIGURE = '–';

/** Returns a share of 1 with three decimals, as scores are written in the field. */
export function score(value: number | null | undefined): string {
  return isFigure(value) ? value.toFixed(3) : NO_FIGURE;
}

/** Returns a share of 1 as a percentage. */
export function percent(value: number | null | undefined, decimals = 1): string {
  return isFigure(value) ? formatPercent(value, { decimals }) : NO_FIGURE;
}

/**
 * Returns a difference of two shares in points with one decimal.
 *
 * @example points(0.031); // '3.1'
 */
export function points(difference: number | null | undefined): string {
  if (!isFigure(difference)) return NO_FIGURE;
  const text = Math.abs(difference * 100).toFixed(1);
  return difference < 0 && text !== '0.0' ? `−${text}` : text;
}

export function isFigure(value: number | null | undefined): value is number {
  return Number.isFinite(value);
}

/** Returns a whole number with its thousands set off. */
export function whole(value: number): string {
  return value.toLocaleString('en-GB');
}

/** @example plural(1, 'recording'); // '1 recording' */
export function plural(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Returns "a, b and c". */
export function listed(words: readonly (string | number)[]): string {
  const last = words.at(-1);
  return words.length < 2 ? String(last ?? '') : `${words.slice(0, -1).join(', ')} and ${last}`;
}

/** Returns hyperparameters as "trees 300, maxFeatures sqrt"; `names` picks some of them. */
export function parametersText(parameters: Parameters, names = Object.keys(parameters)): string {
  const texts = names.map((name) => `${name} ${valueText(parameters[name])}`);
  return texts.length > 0 ? texts.join(', ') : 'none';
}

/** Returns one hyperparameter; one that was not named is left to the estimator. */
export function valueText(value: Parameters[string] | undefined): string {
  return Array.isArray(value) ? value.join('-') : String(value ?? 'default');
}

/** Returns an ISO instant as "22 November 2026, 16:56 UTC". */
export function dateText(iso: string): string {
  const date = new Date(iso);
  const day = { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' } as const;
  return `${date.toLocaleDateString('en-GB', day)}, ${date.toISOString().slice(11, 16)} UTC`;
}

export function minutesText(minutes: number): string {
  if (minutes < 90) return `${minutes.toFixed(1)} minutes`;
  return `${(minutes / 60).toFixed(1)} hours`;
}

/** Returns the results of the family that was chosen. */
export function chosenOf({ candidates, chosen }: Results): CandidateResults {
  const candidate = candidates.find(({ family }) => family === chosen);
  if (!candidate) throw new Error(`no results of the chosen family ${chosen}`);
  return candidate;
}

/** Returns one sentence on which candidate was chosen, why, and by how much. */
export function choiceText(results: Results): string {
  const best = chosenOf(results);
  const channel = best.unseen.speech ? 'speech' : 'song';
  const uarOf = (candidate: CandidateResults) =>
    candidate.unseen[channel]?.unweightedAverageRecall ?? 0;
  const others = results.candidates.filter((candidate) => candidate !== best);
  const why = `its UAR on the ${channel} of unseen speakers is ${score(uarOf(best))}`;
  if (others.length === 0) return `${best.title}: the only candidate of this run; ${why}.`;
  const next = others.reduce((a, b) => (uarOf(b) > uarOf(a) ? b : a));
  return `${best.title}: ${why}, the highest; next is ${next.title.toLowerCase()} with ${score(uarOf(next))}. The random split had no say in it.`;
}
