import { percent as formatPercent } from '../../lib/percent.ts';

/** Stands where there is no figure: JSON has no NaN, so what could not be measured arrives as null. */
export const NO_FIGURE = '–';

/** Returns a share of 1 with three decimals, as scores are written in the field. */
export function score(value: number | null | undefined): string {
  return isFigure(value) ? value.toFixed(3) : NO_FIGURE;
}

/** @example percent(0.768); // '77%' */
export function percent(value: number | null | undefined, decimals = 0): string {
  return isFigure(value) ? formatPercent(value, { decimals }) : NO_FIGURE;
}

/**
 * Returns a difference of two shares in percentage points with one decimal.
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

/** Returns a whole number with thousands separators. */
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

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
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

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** A figure measured several times over. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; null when it was measured once. */
  readonly deviation: number | null;
  readonly count: number;
}

/** Returns mean and standard deviation of the values that are figures; null when there are none. */
export function spreadOf(values: readonly (number | null | undefined)[]): Spread | null {
  const figures = values.filter(isFigure);
  const count = figures.length;
  if (count === 0) return null;
  const mean = sum(figures) / count;
  const squares = sum(figures.map((value) => (value - mean) ** 2));
  return { mean, deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : null, count };
}

/** @example spreadText(spreadOf([0.74, 0.75])); // '0.745 ± 0.007' */
export function spreadText(spread: Spread | null): string {
  if (!spread) return NO_FIGURE;
  const { mean, deviation } = spread;
  return deviation === null ? score(mean) : `${score(mean)} ± ${score(deviation)}`;
}
