/**
 * Undertone's core: audio in, emotion out. Everything that the rest of the product may use is
 * exported here; the other modules of this folder are private. Only `training/`, `evaluation/` and
 * `bench/` import them directly: a model must be trained on exactly the features it is served with,
 * worker threads of the training load no more than they need, and the benchmarks time single stages.
 * In a browser core/web.ts takes the place of this module.
 *
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { classify } from './core/index.ts';
 *
 * const { emotion, confidence } = await classify(await readFile('samples/plain.ogg'));
 * console.log(emotion, confidence);
 *
 * @module
 */

// Decoding
export { type DecodedAudio, type DecodeOptions, SAMPLE_RATE } from './audio/decode.ts';
export { ffmpegBuild, findFfmpeg } from './audio/find-ffmpeg.ts';
// Recordings
export type { SpeechWindows } from './classify.ts';
// Errors and limits
export { API_CODES, ERROR_TABLE, type ErrorCode, UndertoneError } from './errors.ts';
export { DECODE_TIMEOUT_MS, MAX_BYTES, MAX_SECONDS, tooLarge, tooLong } from './limits.ts';
// Live audio
export {
  HOP_SECONDS,
  LiveListener,
  type LiveListenerOptions,
  type LiveSummary,
  type LiveVerdict,
  liveSummarySchema,
  liveVerdictSchema,
  PcmStream,
} from './live.ts';
// The model
export { cardSchema, type ModelCard } from './model/card.ts';
export { EMOTIONS, type Emotion } from './model/emotions.ts';
export { CARD_FILE, findModelFolder, loadModel, MODEL_FILE, readCard } from './model/folder.ts';
export type { Model } from './model/session.ts';
export { type ClassifyOptions, classify, defaultModel } from './node/classify.ts';
export { decode } from './node/decode.ts';
export {
  type Label,
  labelSchema,
  type Probabilities,
  type Segment,
  type Verdict,
  verdictSchema,
  withoutTimeline,
} from './verdict.ts';
export { meanOverWindows } from './windows.ts';
