import { type Analysis, analyze } from './analyze.ts';
import { type DecodeOptions, decode } from './audio/decode.ts';
import { frameSeconds } from './audio/speech.ts';
import { EMOTIONS, type Emotion } from './model/emotions.ts';
import { modelInput, windowSizeOf } from './model/input.ts';
import { findModelFolder, loadModel, type Model } from './model/session.ts';
import type { Label, Probabilities, Segment, Verdict } from './verdict.ts';
import {
  activeFrames,
  type FrameRange,
  modelWindows,
  overlap,
  timelineSegments,
} from './windows.ts';

export interface ClassifyOptions extends DecodeOptions {
  /** The model to ask; the shipped one by default. */
  readonly model?: Model;
}

/**
 * Hears the emotion in one recording. This is the function behind every door.
 *
 * @param bytes the recording as it arrived, in any format that `decode` takes
 * @returns one of eight emotions with calibrated probabilities, `uncertain` or `no-speech`
 * @throws UndertoneError one of the codes of core/errors.ts; nothing else is thrown for bad input
 * @example
 * const { emotion, confidence } = await classify(await readFile('note.ogg'));
 */
export async function classify(bytes: Uint8Array, options: ClassifyOptions = {}): Promise<Verdict> {
  const model = options.model ?? (await defaultModel());
  const { samples, duration } = await decode(bytes, options);
  const speech = analyze(samples);
  return speech ? verdictOf(speech, duration, model) : noSpeech(duration, model);
}

let shipped: Promise<Model> | undefined;

/** Loads the model to serve once per process. A failure is not kept: the next call tries again. */
export function defaultModel(): Promise<Model> {
  shipped ??= (async () => loadModel(findModelFolder()))();
  shipped.catch(() => {
    shipped = undefined;
  });
  return shipped;
}

async function verdictOf(speech: Analysis, duration: number, model: Model): Promise<Verdict> {
  const { kind } = model.card.input;
  const size = windowSizeOf(kind);
  const segments = timelineSegments(speech, size);
  // Short sounds scattered over a long recording: a voice perhaps, but nothing to judge.
  if (segments.length === 0) return noSpeech(duration, model);
  const windows = modelWindows(speech, size);
  const predictions = await model.predict(
    windows.map((window) => modelInput(kind, speech, window)),
  );
  const weights = segments.map((segment) => activeFrames(speech.active, segment));
  // A segment is heard by every window that covers it.
  const heard = segments.map((segment) =>
    weightedMean(
      predictions,
      windows.map((window) => overlap(window, segment)),
    ),
  );
  const overall = weightedMean(heard, weights);
  const timeline = segments.map((segment, i) => timelineEntry(segment, heard[i], speech, model));
  return {
    ...labelled(overall, model),
    duration: round(duration, 3),
    speech: { start: round(speech.span.start, 3), end: round(speech.span.end, 3) },
    timeline,
    summary: shares(timeline, weights),
    model: identity(model),
  };
}

function noSpeech(duration: number, model: Model): Verdict {
  return {
    emotion: 'no-speech',
    confidence: 0,
    probabilities: null,
    duration: round(duration, 3),
    speech: null,
    timeline: [],
    summary: {},
    model: identity(model),
  };
}

function timelineEntry(
  { from, to }: FrameRange,
  probabilities: Float64Array,
  { span, features }: Analysis,
  model: Model,
): Segment {
  return {
    start: round(span.start + frameSeconds(from), 3),
    end: round(to === features.frames ? span.end : span.start + frameSeconds(to), 3),
    ...labelled(probabilities, model),
  };
}

/** Names the top emotion, or says `uncertain` where it is below the confidence the card names. */
function labelled(probabilities: Float64Array, { card }: Model) {
  const confidence = Math.max(...probabilities);
  const emotion: Emotion = EMOTIONS[probabilities.indexOf(confidence)];
  return {
    emotion: confidence < card.threshold ? ('uncertain' as const) : emotion,
    confidence: round(confidence, 6),
    probabilities: Object.fromEntries(
      EMOTIONS.map((name, i) => [name, round(probabilities[i], 6)]),
    ) as Probabilities,
  };
}

/** Share of the speech time of each label. */
function shares(timeline: readonly Segment[], weights: readonly number[]) {
  const total = weights.reduce((a, b) => a + b, 0);
  const summary: Partial<Record<Label, number>> = {};
  timeline.forEach(({ emotion }, i) => {
    summary[emotion] = (summary[emotion] ?? 0) + weights[i] / total;
  });
  for (const label of Object.keys(summary) as Label[]) {
    summary[label] = round(summary[label] ?? 0, 4);
  }
  return summary;
}

function weightedMean(rows: readonly Float64Array[], weights: readonly number[]): Float64Array {
  const mean = new Float64Array(EMOTIONS.length);
  const total = weights.reduce((a, b) => a + b, 0);
  rows.forEach((row, i) => {
    for (let k = 0; k < mean.length; k++) mean[k] += (row[k] * weights[i]) / total;
  });
  return mean;
}

function identity({ card: { name, version, sha256 } }: Model) {
  return { name, version, sha256 };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
