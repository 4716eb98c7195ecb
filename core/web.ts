/**
 * Undertone's core without Node: what runs in a browser. Nothing that is reached from here imports a
 * module of Node or a native library (a test makes sure); the model's runtime and a decoder for the
 * formats that are not decoded in process are passed in.
 *
 * @module
 */

export type { DecodedAudio, DecodeLimits, FallbackDecoder } from './audio/decode.ts';
export { MonoSink, SAMPLE_RATE } from './audio/mono-sink.ts';
export { classify } from './classify.ts';
export { ERROR_TABLE, type ErrorCode, UndertoneError } from './errors.ts';
export { MAX_BYTES, MAX_SECONDS, tooLarge, tooLong } from './limits.ts';
export { LiveListener, type LiveSummary, type LiveVerdict, PcmStream } from './live.ts';
export { type ModelCard, parseCard } from './model/card.ts';
export { EMOTIONS, type Emotion } from './model/emotions.ts';
export { stretchesOf } from './model/input.ts';
export { createModel, type Model, type OnnxRuntime } from './model/session.ts';
export type { Label, Probabilities, Segment, Verdict } from './verdict.ts';
