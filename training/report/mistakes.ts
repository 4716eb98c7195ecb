import { percent, plural } from './format.ts';

/** One emotion that was acted and another one that was heard. */
export interface Mistake {
  readonly acted: string;
  readonly heard: string;
  readonly count: number;
  /** Of the recordings of the emotion that was acted. */
  readonly share: number;
}

/** Returns the mistakes in a matrix of acted × heard, the most frequent first. */
export function mistakesIn(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
): Mistake[] {
  return confusion
    .flatMap((row, i) => {
      const total = row.reduce((a, b) => a + b, 0);
      return row.map((count, j) => ({
        acted: classes[i],
        heard: classes[j],
        count,
        share: count / total,
      }));
    })
    .filter(({ acted, heard, count }) => acted !== heard && count > 0)
    .sort((a, b) => b.count - a.count);
}

/** @example mistakeText(mistake); // 'sad heard as calm (12 times, 6% of sad)' */
export function mistakeText({ acted, heard, count, share }: Mistake): string {
  return `${acted} heard as ${heard} (${plural(count, 'time')}, ${percent(share, 0)} of ${acted})`;
}

/** Returns the three most frequent mistakes in words. */
export function mistakesText(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
): string {
  const mistakes = mistakesIn(confusion, classes).slice(0, 3).map(mistakeText);
  return mistakes.length > 0 ? `Most frequent mistakes: ${mistakes.join('; ')}.` : 'No mistakes.';
}
