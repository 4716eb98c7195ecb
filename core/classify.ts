import { type Analysis, analyze } from './analyze.ts';
import { type DecodeOptions, decode } from './audio/decode.ts';
import { frameSeconds } from './audio/speech.ts';
import { EMOTIONS, type Emotion } from './model/emotions.ts';
import { findModelFolder } from './model/folder.ts';
import { modelInput, windowSizeOf } from './model/input.ts';
import { loadModel, type Model } from './model/session.ts';
import { mostLikely, type Stretch, timelineOf } from './timeline/timeline.ts';
import type { Label, Probabilities, Segment, Verdict } from './verdict.ts';
import { meanOverWindows, modelWindows, windowWeight } from './windows.ts';

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
  const kinds = model.card.inputs.map(({ kind }) => kind);
  const size = windowSizeOf(kinds);
  const { active } = speech;
  const windows = modelWindows(speech, size);
  const posteriors = await model.predict(windows.map((range) => modelInput(kinds, speech, range)));
  const heard = { active, windows, posteriors, size };
  const stretches = timelineOf(heard, (probabilities) => labelOf(probabilities, model));
  // Short sounds scattered over a long recording: a voice perhaps, but nothing to judge.
  if (stretches.length === 0) return noSpeech(duration, model);
  const weights = windows.map((window) => windowWeight(active, window));
  const timeline = stretches.map((stretch) => timelineEntry(stretch, speech, model));
  return {
    ...labelled(meanOverWindows(posteriors, weights), model),
    duration: round(duration, 3),
    speech: { start: round(speech.span.start, 3), end: round(speech.span.end, 3) },
    timeline,
    summary: shares(
      timeline,
      stretches.map((stretch) => stretch.active),
    ),
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
  { from, to, probabilities }: Stretch,
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
function labelOf(probabilities: Float64Array, { card }: Model): Emotion | 'uncertain' {
  const top = mostLikely(probabilities);
  return probabilities[top] < card.threshold ? 'uncertain' : EMOTIONS[top];
}

function labelled(probabilities: Float64Array, model: Model) {
  return {
    emotion: labelOf(probabilities, model),
    confidence: round(Math.max(...probabilities), 6),
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

function identity({ card: { name, version, sha256 } }: Model) {
  return { name, version, sha256 };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
