import {
  EMOTIONS,
  type Emotion,
  type ModelCard,
  meanOverWindows,
  type SpeechWindows,
  UndertoneError,
} from '../../core/index.ts';
import {
  answered,
  coverageCurve,
  reliabilityBins,
  withTemperature,
} from '../../evaluation/calibration.ts';
import { fromRows, type Matrix, rowOf } from '../../evaluation/matrix.ts';
import { expectedCalibrationError, score } from '../../evaluation/metrics.ts';
import { listed, plural } from '../../evaluation/report/format.ts';
import { classifyAll, progressBar, reportFailures } from '../classify.ts';
import { modelOf, type Outcome } from '../classify-file.ts';
import { type LabelledRecording, labelledRecordings } from './recordings.ts';

export interface MeasureOptions {
  readonly json?: boolean;
  readonly model?: string;
  readonly workers?: number;
}

/** What the model says about labelled recordings in which somebody speaks. */
export interface Answers {
  readonly card: ModelCard;
  readonly recordings: readonly LabelledRecording[];
  readonly windows: readonly SpeechWindows[];
  /** The label of each, as its place in EMOTIONS. */
  readonly y: Int32Array;
  /** Recordings that were read, but in which nobody speaks. */
  readonly noSpeech: number;
  readonly failures: readonly Outcome[];
  /** What one should know before relying on the figures. */
  readonly warnings: string[];
}

/** With fewer recordings of an emotion, chance moves its recall by more than ten points. */
const FEW = 20;
/** Above this share of recordings without speech, something is wrong with them. */
const MANY_WITHOUT_SPEECH = 0.1;

/**
 * Classifies labelled recordings exactly as `undertone classify` does.
 *
 * @throws UndertoneError `not-found`, `labels-invalid`, `model-invalid`; `recordings-insufficient` when
 * nobody speaks in any of them
 */
export async function answersTo(path: string, options: MeasureOptions): Promise<Answers> {
  // Told once, before any recording is read.
  const { card } = await modelOf(options.model);
  const all = await labelledRecordings(path);
  const bar = await progressBar(all.length);
  const failures: Outcome[] = [];
  const spoken: { recording: LabelledRecording; windows: SpeechWindows }[] = [];
  const files = all.map(({ file }) => file);
  let next = 0;
  for await (const outcome of classifyAll(files, { ...options, keepWindows: true }, () =>
    bar?.increment(),
  )) {
    const recording = all[next++];
    if ('error' in outcome) failures.push(outcome);
    else if (outcome.windows) spoken.push({ recording, windows: outcome.windows });
  }
  bar?.stop();
  reportFailures(failures, all.length);
  const noSpeech = all.length - failures.length - spoken.length;
  if (spoken.length === 0) {
    throw new UndertoneError(
      'recordings-insufficient',
      `Of ${plural(all.length, 'recording')} in ${path}, ${failures.length} could not be read${noSpeech > 0 ? `, and in ${noSpeech} nobody speaks` : ''}. Nothing can be measured. Try one of them with "undertone classify".`,
    );
  }
  const y = Int32Array.from(spoken, ({ recording }) => EMOTIONS.indexOf(recording.emotion));
  return {
    card,
    recordings: spoken.map(({ recording }) => recording),
    windows: spoken.map(({ windows }) => windows),
    y,
    noSpeech,
    failures,
    warnings: warningsOf(y, noSpeech),
  };
}

function warningsOf(y: Int32Array, noSpeech: number): string[] {
  const counts = Object.entries(countsOf(y));
  const few = counts.filter(([, count]) => count < FEW).map(([name]) => name);
  const read = y.length + noSpeech;
  return [
    counts.length === 1 &&
      `All recordings are labelled ${counts[0][0]}. Their recall says nothing about how often other notes are taken for it; add other emotions.`,
    few.length > 0 &&
      `Fewer than ${FEW} recordings are ${listed(few)}. These figures can be off by more than ten points.`,
    noSpeech > MANY_WITHOUT_SPEECH * read &&
      `In ${noSpeech} of ${plural(read, 'recording')} no speech was found. They count as not answered; listen to some of them.`,
  ].filter((warning) => typeof warning === 'string');
}

/** Returns how many recordings each emotion has, for those that have any. */
export function countsOf(y: Int32Array): Partial<Record<Emotion, number>> {
  const counts = EMOTIONS.map((_, k) => y.filter((label) => label === k).length);
  return Object.fromEntries(
    EMOTIONS.flatMap((name, k) => (counts[k] > 0 ? [[name, counts[k]]] : [])),
  );
}

/** Returns the probabilities of recordings, each the mean over its windows, as `classify` computes it. */
export function probabilitiesOf(windows: readonly SpeechWindows[], temperature?: number): Matrix {
  return fromRows(
    windows.map(({ posteriors, weights }) => {
      if (temperature === undefined) return meanOverWindows(posteriors, weights);
      const scaled = withTemperature(fromRows(posteriors), temperature);
      const rows = posteriors.map((_, i) => Float64Array.from(rowOf(scaled, i)));
      return meanOverWindows(rows, weights);
    }),
  );
}

/**
 * Returns the figures of some probabilities. Every recording that was read counts for the coverage;
 * those with speech count for everything else, whether they are answered or `uncertain`.
 */
export function figuresOf({ y, noSpeech }: Answers, probabilities: Matrix, threshold: number) {
  const spoken = y.length / (y.length + noSpeech);
  const { coverage, answeredAccuracy } = answered(probabilities, y, threshold);
  return {
    scores: score(y, Int32Array.from(y.keys()), probabilities),
    expectedCalibrationError: expectedCalibrationError(probabilities, y),
    coverage: coverage * spoken,
    answeredAccuracy,
    curve: coverageCurve(probabilities, y, 0.05).map((point) => ({
      ...point,
      coverage: point.coverage * spoken,
    })),
    reliability: reliabilityBins(probabilities, y),
  };
}

export type MeasuredFigures = ReturnType<typeof figuresOf>;

/** Tells the warnings beside the results. */
export function printWarnings(warnings: readonly string[]): void {
  for (const warning of warnings) console.error(`Note: ${warning}`);
}
