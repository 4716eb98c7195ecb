import * as z from 'zod';
import { EMOTIONS, type Emotion } from './model/emotions.ts';

const probability = z.number().min(0).max(1);
const seconds = z.number().min(0);

/** What is said instead of an emotion: too little confidence, or nobody speaks. */
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
  .describe('seconds from the beginning of the recording');

export const segmentSchema = z.strictObject({
  start: seconds,
  end: seconds,
  emotion: labelSchema,
  confidence: probability,
  probabilities: probabilitiesSchema,
});

/**
 * What Undertone says about one recording.
 *
 * - `emotion`: one of eight, or `uncertain` (the best guess is below the card's confidence), or
 *   `no-speech`.
 * - `confidence`: the calibrated probability of the top emotion; 0 when there is no speech.
 * - `probabilities`: all eight, summing to 1; null when there is no speech.
 * - `duration`: seconds of audio received; `speech`: where speech starts and ends, or null.
 * - `timeline`: the stretches of a recording longer than one model window, in order, not
 *   overlapping; stretches without speech are left out. A short note has one entry.
 * - `summary`: share of the speech time of each label that occurs in the timeline.
 */
export const verdictSchema = z.strictObject({
  emotion: labelSchema,
  confidence: probability,
  probabilities: probabilitiesSchema.nullable(),
  duration: seconds,
  speech: spanSchema.nullable(),
  timeline: z.array(segmentSchema).optional(),
  summary: z.partialRecord(labelSchema, probability),
  model: z.strictObject({ name: z.string(), version: z.string(), sha256: z.string() }),
});

export type Label = z.infer<typeof labelSchema>;
export type Probabilities = z.infer<typeof probabilitiesSchema>;
export type SpeechSpan = z.infer<typeof spanSchema>;
export type Segment = z.infer<typeof segmentSchema>;
export type Verdict = z.infer<typeof verdictSchema>;

/** Returns a verdict without its timeline; the summary stays. */
export function withoutTimeline({ timeline: _, ...rest }: Verdict): Verdict {
  return rest;
}
