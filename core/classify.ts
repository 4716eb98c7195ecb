import { type Analysis, analyze } from './analyze.ts';
import { type DecodeOptions, decode } from './audio/decode.ts';
import { frameSeconds } from './audio/speech.ts';
import { windowSizeOf } from './model/input.ts';
import type { Model, Prediction } from './model/session.ts';
import { sequenceOf } from './timeline/sequence.ts';
import { type Stretch, timelineOf } from './timeline/timeline.ts';
import {
  identity,
  labelled,
  labelOf,
  round,
  type Segment,
  shares,
  type Verdict,
} from './verdict.ts';
import { type FrameRange, meanOverWindows, modelWindows, windowWeight } from './windows.ts';

export interface ClassifyOptions extends DecodeOptions {
  /** Loaded, or on its way: the recording is decoded meanwhile. */
  readonly model: Model | Promise<Model>;
  /** Called with the windows that the probabilities of the recording are the mean of. */
  readonly onWindows?: (windows: SpeechWindows) => void;
}

/** What the model says about each window in which somebody speaks. */
export interface SpeechWindows {
  /** Of each emotion, for every window. */
  readonly posteriors: readonly Float64Array[];
  /** How much each window counts in the mean; see `meanOverWindows`. */
  readonly weights: readonly number[];
}

/**
 * Classifies the emotion in one recording, wherever it runs: core/node/classify.ts calls this with the
 * model that ships and with ffmpeg, the page's worker with what it has loaded and the browser's decoders.
 *
 * @param bytes the recording as received
 * @returns one of eight emotions with calibrated probabilities, `uncertain` or `no-speech`
 * @throws UndertoneError with a code of core/errors.ts; bad input throws nothing else
 */
export async function classify(bytes: Uint8Array, options: ClassifyOptions): Promise<Verdict> {
  // Both at once: a decoder is compiled while a model is loaded.
  const [{ samples, duration }, model] = await Promise.all([decode(bytes, options), options.model]);
  const speech = analyze(samples);
  return speech ? verdictOf(speech, duration, model, options) : noSpeech(duration, model);
}

async function verdictOf(
  speech: Analysis,
  duration: number,
  model: Model,
  { onWindows }: ClassifyOptions,
): Promise<Verdict> {
  const kinds = model.card.inputs.map(({ kind }) => kind);
  const size = windowSizeOf(kinds);
  const { threshold } = model.card;
  const windows = modelWindows(speech, size);
  const predictions = await model.predict(speech, windows);
  const heard = voicedOnly(speech.active, windows, predictions);
  const stretches = timelineOf({ ...heard, size }, (probabilities) =>
    labelOf(probabilities, threshold),
  );
  // No voice, or short sounds scattered over a long recording: nothing to classify.
  if (stretches.length === 0) return noSpeech(duration, model);
  const weights = heard.windows.map((window) => windowWeight(heard.active, window));
  onWindows?.({ posteriors: heard.posteriors, weights });
  const timeline = stretches.map((stretch) => segmentOf(stretch, speech, threshold));
  const amounts = timeline.map(({ emotion }, i) => [emotion, stretches[i].active] as const);
  return {
    ...labelled(meanOverWindows(heard.posteriors, weights), threshold),
    duration: round(duration, 3),
    speech: { start: round(speech.span.start, 3), end: round(speech.span.end, 3) },
    sequence: sequenceOf(amounts),
    timeline,
    summary: shares(amounts),
    model: identity(model.card),
  };
}

/** Keeps the windows in which somebody speaks, and the active frames that lie in one of these. */
function voicedOnly(
  active: Uint8Array,
  windows: readonly FrameRange[],
  predictions: readonly Prediction[],
) {
  const voiced = windows.filter((_, i) => predictions[i].isVoice);
  const inVoiced = new Uint8Array(active.length);
  for (const { from, to } of voiced) inVoiced.set(active.subarray(from, to), from);
  return {
    active: inVoiced,
    windows: voiced,
    posteriors: predictions.flatMap(({ probabilities, isVoice }) =>
      isVoice ? [probabilities] : [],
    ),
  };
}

function noSpeech(duration: number, model: Model): Verdict {
  return {
    emotion: 'no-speech',
    confidence: 0,
    probabilities: null,
    duration: round(duration, 3),
    speech: null,
    sequence: [],
    timeline: [],
    summary: {},
    model: identity(model.card),
  };
}

function segmentOf(
  { from, to, probabilities }: Stretch,
  { span, frames }: Analysis,
  threshold: number,
): Segment {
  return {
    start: round(span.start + frameSeconds(from), 3),
    end: round(to === frames ? span.end : span.start + frameSeconds(to), 3),
    ...labelled(probabilities, threshold),
  };
}
