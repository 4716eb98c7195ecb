import * as z from 'zod';
import { EMOTIONS, type Emotion } from './model/emotions.ts';

const probability = z.number().min(0).max(1);
const seconds = z.number().min(0);

/** The most emotions in the sequence of a verdict, so that a headline can name them. */
export const MAX_SEQUENCE = 4;

/** Labels that stand in for an emotion: the model is not confident enough, or nobody is speaking. */
export const ABSTENTIONS = ['uncertain', 'no-speech'] as const;

export const emotionSchema = z.enum(EMOTIONS);
export const labelSchema = z.enum([...EMOTIONS, ...ABSTENTIONS]);

const eight = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, probability])) as Record<
  Emotion,
  typeof probability
>;
export const probabilitiesSchema = z
  .strictObject(eight)
  .describe('calibrated probability of each emotion; they sum to 1');

export const spanSchema = z
  .strictObject({ start: seconds, end: seconds })
  .describe('seconds from the start of the recording');

export const segmentSchema = z.strictObject({
  start: seconds,
  end: seconds,
  emotion: labelSchema,
  confidence: probability,
  probabilities: probabilitiesSchema,
});

/**
 * The result of classifying one recording.
 *
 * - `emotion`: one of eight; `uncertain` if the top one is below the model card's threshold;
 *   `no-speech` if nobody is speaking.
 * - `confidence`: the calibrated probability of the top emotion; 0 when there is no speech.
 * - `probabilities`: all eight, summing to 1; null when there is no speech.
 * - `duration`: seconds of audio received; `speech`: where speech starts and ends, or null.
 * - `sequence`: the emotions of a note that changes, in the order heard, such as angry, then happy:
 *   two to four that together cover most of the speech. Empty when one label describes the note.
 * - `timeline`: the segments of a recording, in order and without overlap; those without speech are
 *   left out. A note no longer than one model window has a single segment.
 * - `summary`: each label's share of the speech time in the timeline.
 */
export const verdictSchema = z.strictObject({
  emotion: labelSchema,
  confidence: probability,
  probabilities: probabilitiesSchema.nullable(),
  duration: seconds,
  speech: spanSchema.nullable(),
  sequence: z
    .array(emotionSchema)
    .max(MAX_SEQUENCE)
    .describe('the emotions of a note that changes, in the order heard; else empty'),
  timeline: z.array(segmentSchema).optional(),
  summary: z.partialRecord(labelSchema, probability),
  model: z.strictObject({ name: z.string(), version: z.string(), sha256: z.string() }),
});

export type Label = z.infer<typeof labelSchema>;
export type Probabilities = z.infer<typeof probabilitiesSchema>;
export type Segment = z.infer<typeof segmentSchema>;
export type Verdict = z.infer<typeof verdictSchema>;

/** Returns a verdict without its timeline; the summary remains. */
export function withoutTimeline({ timeline: _, ...rest }: Verdict): Verdict {
  return rest;
}

/**
 * Returns the top emotion, or `uncertain` if its probability is below the threshold.
 *
 * @param probabilities in the order of EMOTIONS
 */
export function labelOf(probabilities: Float64Array, threshold: number): Emotion | 'uncertain' {
  const confidence = Math.max(...probabilities);
  return confidence < threshold ? 'uncertain' : EMOTIONS[probabilities.indexOf(confidence)];
}

/** Returns the label, its confidence and all eight probabilities, rounded as in a verdict. */
export function labelled(probabilities: Float64Array, threshold: number) {
  return {
    emotion: labelOf(probabilities, threshold),
    confidence: round(Math.max(...probabilities), 6),
    probabilities: Object.fromEntries(
      EMOTIONS.map((name, i) => [name, round(probabilities[i], 6)]),
    ) as Probabilities,
  };
}

/** Returns the share of each label, given amounts in any unit; a label may occur several times. */
export function shares(amounts: readonly (readonly [Label, number])[]): Verdict['summary'] {
  const total = amounts.reduce((sum, [, amount]) => sum + amount, 0);
  const summary: Verdict['summary'] = {};
  for (const [label, amount] of amounts) summary[label] = (summary[label] ?? 0) + amount / total;
  for (const label of Object.keys(summary) as Label[]) {
    summary[label] = round(summary[label] ?? 0, 4);
  }
  return summary;
}

/** Returns what identifies a model in a verdict, given its card. */
export function identity({ name, version, sha256 }: Verdict['model']): Verdict['model'] {
  return { name, version, sha256 };
}

/** Rounds to a number of decimal places. */
export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
