import { EMOTIONS, type Emotion } from './model/emotions.ts';
import type { Model } from './model/session.ts';
import { round } from './round.ts';
import { mostLikely } from './timeline/timeline.ts';
import type { Label, Probabilities } from './verdict.ts';

/** Names the top emotion, or says `uncertain` where it is below the confidence the card names. */
export function labelOf(probabilities: Float64Array, { card }: Model): Emotion | 'uncertain' {
  const top = mostLikely(probabilities);
  return probabilities[top] < card.threshold ? 'uncertain' : EMOTIONS[top];
}

/** Returns what is said of probabilities: the label, how sure it is, and all eight. */
export function labelled(probabilities: Float64Array, model: Model) {
  return {
    emotion: labelOf(probabilities, model),
    confidence: round(Math.max(...probabilities), 6),
    probabilities: Object.fromEntries(
      EMOTIONS.map((name, i) => [name, round(probabilities[i], 6)]),
    ) as Probabilities,
  };
}

/** Returns the share of each label, given how much there is of it; a label may come several times. */
export function shares(
  amounts: readonly (readonly [Label, number])[],
): Partial<Record<Label, number>> {
  const total = amounts.reduce((sum, [, amount]) => sum + amount, 0);
  const summary: Partial<Record<Label, number>> = {};
  for (const [label, amount] of amounts) summary[label] = (summary[label] ?? 0) + amount / total;
  for (const label of Object.keys(summary) as Label[]) {
    summary[label] = round(summary[label] ?? 0, 4);
  }
  return summary;
}

/** Returns which model says something. */
export function identity({ card: { name, version, sha256 } }: Model) {
  return { name, version, sha256 };
}
