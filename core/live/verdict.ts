import * as z from 'zod';
import { verdictSchema } from '../verdict.ts';

const { emotion, confidence, probabilities, duration, summary } = verdictSchema.shape;
const seconds = z.number().min(0);

/** Seconds of audio from one verdict to the next. */
export const HOP_SECONDS = 0.5;

/** Level of digital silence, below which none is told (dBFS). */
export const LOWEST_LEVEL = -100;

/**
 * What is said of the last window of a stream.
 *
 * - `at`: seconds of audio that had come; `start` and `end`: the window, seconds from the beginning.
 * - `emotion`, `confidence`, `probabilities`: as of a recording; `no-speech` when nobody speaks in it.
 * - `level`: root mean square of the last half second in dBFS, from -100 on.
 */
export const liveVerdictSchema = z.strictObject({
  at: seconds,
  start: seconds,
  end: seconds,
  emotion,
  confidence,
  probabilities,
  level: z.number().min(LOWEST_LEVEL),
});

/** What is said when a stream ends: its seconds, those of speech, and the share of each label in these. */
export const liveSummarySchema = z.strictObject({
  duration,
  speech: seconds,
  summary,
});

export type LiveVerdict = z.infer<typeof liveVerdictSchema>;
export type LiveSummary = z.infer<typeof liveSummarySchema>;
