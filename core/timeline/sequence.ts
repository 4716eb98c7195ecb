import { EMOTIONS, type Emotion } from '../model/emotions.ts';
import { type Label, MAX_SEQUENCE } from '../verdict.ts';

/** Stretches with a smaller share of the speech are left to the timeline. */
const MIN_SHARE = 0.1;
/** The named stretches together must cover a larger share of the speech than this. */
const MIN_COVERAGE = 0.5;

interface Run {
  readonly emotion: Emotion;
  readonly amount: number;
}

/**
 * Returns the emotions of a note that changes, in the order heard: two to four, no two neighbours
 * alike. Uncertain stretches and short ones are passed over; what is left must cover most of the
 * speech. Otherwise returns an empty array: one label describes the note.
 *
 * @param stretches the label of each stretch of the timeline and how much speech it holds, in any unit
 * @example
 * sequenceOf([['angry', 6], ['uncertain', 1], ['happy', 5]]); // ['angry', 'happy']
 */
export function sequenceOf(stretches: readonly (readonly [Label, number])[]): Emotion[] {
  const total = stretches.reduce((sum, [, amount]) => sum + amount, 0);
  let runs = joinRepeats(
    stretches.flatMap(([label, amount]) =>
      isEmotion(label) && amount > 0 ? [{ emotion: label, amount }] : [],
    ),
  );
  for (;;) {
    const amounts = runs.map(({ amount }) => amount);
    const shortest = Math.min(...amounts);
    if (runs.length <= MAX_SEQUENCE && shortest >= MIN_SHARE * total) break;
    runs = joinRepeats(runs.toSpliced(amounts.indexOf(shortest), 1));
  }
  const covered = runs.reduce((sum, { amount }) => sum + amount, 0);
  const isChange = runs.length > 1 && covered > MIN_COVERAGE * total;
  return isChange ? runs.map(({ emotion }) => emotion) : [];
}

function joinRepeats(runs: readonly Run[]): Run[] {
  const joined: Run[] = [];
  for (const { emotion, amount } of runs) {
    const last = joined.at(-1);
    if (last?.emotion === emotion) joined.splice(-1, 1, { emotion, amount: last.amount + amount });
    else joined.push({ emotion, amount });
  }
  return joined;
}

function isEmotion(label: Label): label is Emotion {
  return EMOTIONS.some((emotion) => emotion === label);
}
