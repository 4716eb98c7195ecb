import type { LiveSummary, LiveVerdict, ModelCard, Verdict } from '../../core/web.ts';

/** A file that is loaded on demand. */
export interface RemoteFile {
  readonly url: string;
  /** Its size, uncompressed: shows progress, and that the download is complete. */
  readonly bytes: number;
}

/** The files that the worker loads. */
export interface EngineFiles {
  /** The WebAssembly of onnxruntime-web. */
  readonly runtime: RemoteFile;
  readonly model: RemoteFile;
  readonly card: RemoteFile;
}

/** What the page tells the worker. `id` names a recording or a live stream. */
export type ToWorker =
  | { readonly type: 'load'; readonly files: EngineFiles }
  | { readonly type: 'classify'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'cancel'; readonly id: number }
  /** Answers `decode`. */
  | { readonly type: 'decoded'; readonly id: number; readonly sound: Sound }
  | { readonly type: 'undecodable'; readonly id: number; readonly error: Failure }
  | { readonly type: 'listen'; readonly id: number; readonly sampleRate: number }
  /** 16-bit little-endian mono PCM. */
  | { readonly type: 'audio'; readonly id: number; readonly pcm: ArrayBuffer }
  | { readonly type: 'end'; readonly id: number };

/** What the worker tells the page. */
export type FromWorker =
  | { readonly type: 'progress'; readonly loaded: number; readonly total: number }
  | { readonly type: 'loaded'; readonly card: ModelCard }
  /** Asks the page to decode what is not decoded in process: workers have no decodeAudioData. */
  | {
      readonly type: 'decode';
      readonly id: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly container: string;
      readonly maxSeconds: number;
    }
  | { readonly type: 'classified'; readonly id: number; readonly share: number }
  | { readonly type: 'verdict'; readonly id: number; readonly verdict: Verdict }
  | { readonly type: 'live'; readonly id: number; readonly verdict: LiveVerdict }
  | { readonly type: 'summary'; readonly id: number; readonly summary: LiveSummary }
  /** Without an id, loading has failed. */
  | { readonly type: 'failed'; readonly id?: number; readonly error: Failure };

/** Decoded audio: an array of samples for each channel, full scale at ±1. */
export interface Sound {
  readonly channels: readonly Float32Array[];
  readonly sampleRate: number;
}

/** An error on its way between threads: its code and its sentence survive. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Why a browser cannot classify; the codes of recordings that cannot be are those of UndertoneError. */
export type DeviceErrorCode = 'wasm-unavailable' | 'memory-insufficient' | 'download-incomplete';

/** Thrown where a browser or a device is not up to it. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly code: DeviceErrorCode;

  constructor(code: DeviceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
