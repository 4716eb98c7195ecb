/**
 * Undertone as a library for Node: recognises the emotion in a voice note, with the model that is in the
 * package. In browsers, `undertone/web` does the same.
 *
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { classify } from 'undertone';
 *
 * const { emotion, confidence } = await classify(await readFile('note.ogg'));
 *
 * @packageDocumentation
 */
export {
  type ClassifyOptions,
  classify,
  type DecodedAudio,
  type DecodeOptions,
  decode,
  defaultModel,
  EMOTIONS,
  type Emotion,
  type ErrorCode,
  type Label,
  LiveListener,
  type LiveListenerOptions,
  type LiveSummary,
  type LiveVerdict,
  loadModel,
  MAX_BYTES,
  MAX_SECONDS,
  type Model,
  type ModelCard,
  PcmStream,
  type Probabilities,
  SAMPLE_RATE,
  type Segment,
  UndertoneError,
  type Verdict,
} from '../core/index.ts';
