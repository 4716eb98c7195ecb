/**
 * Undertone in the browser: classifies voice notes on the visitor's device. Nothing is sent.
 *
 * The files that it loads (a worker, onnxruntime-web, the model: 8 MB compressed) are written by
 * `npx undertone site <folder>` to the folder `device/` of a site; serve that and pass its address.
 *
 * @example
 * import { load } from 'undertone/web';
 *
 * const undertone = await load({ base: '/device/' });
 * const { emotion, confidence } = await undertone.classify(file);
 *
 * @packageDocumentation
 */
import {
  EMOTIONS,
  type Emotion,
  type ErrorCode,
  type Label,
  type LiveSummary,
  type LiveVerdict,
  MAX_BYTES,
  MAX_SECONDS,
  type ModelCard,
  type Probabilities,
  type Segment,
  tooLarge,
  UndertoneError,
  type Verdict,
} from '../../core/web.ts';
import { decodeSound } from './decode.ts';
import {
  DeviceError,
  type DeviceErrorCode,
  type Failure,
  type FromWorker,
  type ToWorker,
} from './protocol.ts';

export {
  DeviceError,
  type DeviceErrorCode,
  EMOTIONS,
  type Emotion,
  type ErrorCode,
  type Label,
  type LiveSummary,
  type LiveVerdict,
  MAX_BYTES,
  MAX_SECONDS,
  type ModelCard,
  type Probabilities,
  type Segment,
  UndertoneError,
  type Verdict,
};

/** The list of the files to load, in the folder `base`. */
const FILES = 'files.json';

export interface LoadOptions {
  /** Address of the folder that the files are in, on the origin of the page; it ends in a slash. */
  readonly base: string | URL;
  /** Called with the share that is loaded, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export interface ClassifyOptions {
  /** Stops the work; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Called with the share of a recording that is classified, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export interface ListenOptions {
  /** Hz of the samples that will be pushed. */
  readonly sampleRate: number;
  /** Called about every half second. */
  readonly onVerdict: (verdict: LiveVerdict) => void;
}

/** A stream of live audio. */
export interface LiveStream {
  /** Adds mono 16-bit samples, little-endian. The buffer is moved to the worker. */
  push(pcm: ArrayBuffer): void;
  /** Ends the stream. */
  end(): Promise<LiveSummary>;
  /** Resolves when the stream has ended; rejects when it cannot go on. */
  readonly summary: Promise<LiveSummary>;
}

/** The model, loaded in a worker. */
export interface Undertone {
  readonly card: ModelCard;
  /**
   * Classifies a recording, as `POST /v1/emotion` does: WAV, FLAC, Ogg and WebM Opus, and what this
   * browser can decode besides.
   *
   * @throws UndertoneError for a recording that cannot be classified; DeviceError when there is too
   * little memory
   */
  classify(recording: Blob | Uint8Array, options?: ClassifyOptions): Promise<Verdict>;
  /** Begins to classify live audio. */
  listen(options: ListenOptions): LiveStream;
  /** Ends the worker and frees its memory. What is under way is rejected. */
  close(): void;
}

/** What somebody waits for. */
interface Pending {
  resolve(value: never): void;
  reject(error: unknown): void;
  onMessage?(message: FromWorker): void;
}

/**
 * Loads the model into a worker.
 *
 * @throws DeviceError where this browser cannot run it, or its files do not come; UndertoneError
 * `model-invalid`
 */
export async function load({ base, onProgress }: LoadOptions): Promise<Undertone> {
  const folder = new URL(base, document.baseURI);
  const files = await readFiles(folder);
  const at = ({ path, bytes }: { path: string; bytes: number }) => ({
    url: new URL(path, folder).href,
    bytes,
  });
  const worker = new Worker(new URL(files.worker.path, folder), { type: 'module' });
  const { runtime, model, card } = files;
  const pending = new Map<number | undefined, Pending>();
  const post = (message: ToWorker, transfer: Transferable[] = []) =>
    worker.postMessage(message, transfer);
  const close = (error: unknown) => {
    worker.terminate();
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  const ask = <T>(id: number | undefined, onMessage?: Pending['onMessage']) =>
    new Promise<T>((resolve, reject) => {
      pending.set(id, { resolve, reject, ...(onMessage && { onMessage }) });
    }).finally(() => pending.delete(id));
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    close(notStarted(event.message));
  });
  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
    const waiting = pending.get('id' in data ? data.id : undefined);
    if (!waiting) return;
    waiting.onMessage?.(data);
    if (data.type === 'loaded') waiting.resolve(data.card as never);
    if (data.type === 'verdict') waiting.resolve(data.verdict as never);
    if (data.type === 'summary') waiting.resolve(data.summary as never);
    if (data.type === 'failed') waiting.reject(errorOf(data.error));
  });
  post({ type: 'load', files: { runtime: at(runtime), model: at(model), card: at(card) } });
  let count = 0;
  try {
    const loaded = await ask<ModelCard>(undefined, (message) => {
      if (message.type === 'progress') onProgress?.(message.loaded / message.total);
    });
    return { card: loaded, classify, listen, close: () => close(closed()) };
  } catch (error) {
    close(error);
    throw error;
  }

  async function classify(
    recording: Blob | Uint8Array,
    { signal, onProgress }: ClassifyOptions = {},
  ): Promise<Verdict> {
    signal?.throwIfAborted();
    const size = recording instanceof Blob ? recording.size : recording.length;
    if (size > MAX_BYTES) throw tooLarge();
    const bytes =
      recording instanceof Blob ? new Uint8Array(await recording.arrayBuffer()) : recording.slice();
    signal?.throwIfAborted();
    const id = count++;
    const abort = () => {
      post({ type: 'cancel', id });
      pending.get(id)?.reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort);
    post({ type: 'classify', id, bytes }, [bytes.buffer]);
    try {
      return await ask<Verdict>(id, async (message) => {
        if (message.type === 'classified') onProgress?.(message.share);
        if (message.type !== 'decode') return;
        try {
          const sound = await decodeSound(message.bytes, message.container, message.maxSeconds);
          post({ type: 'decoded', id, sound }, [...new Set(sound.channels.map((c) => c.buffer))]);
        } catch (thrown) {
          const { code, message } = UndertoneError.from(thrown);
          post({ type: 'undecodable', id, error: { code, message } });
        }
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  function listen({ sampleRate, onVerdict }: ListenOptions): LiveStream {
    const id = count++;
    post({ type: 'listen', id, sampleRate });
    const summary = ask<LiveSummary>(id, (message) => {
      if (message.type === 'live') onVerdict(message.verdict);
    });
    // Whoever ends the stream handles it.
    summary.catch(() => {});
    return {
      summary,
      push: (pcm) => post({ type: 'audio', id, pcm }, [pcm]),
      end() {
        post({ type: 'end', id });
        return summary;
      },
    };
  }
}

interface ListedFile {
  readonly path: string;
  readonly bytes: number;
}

/** The content of `files.json`. */
interface FileList {
  readonly worker: ListedFile;
  readonly runtime: ListedFile;
  readonly model: ListedFile;
  readonly card: ListedFile;
}

async function readFiles(folder: URL): Promise<FileList> {
  try {
    const response = await fetch(new URL(FILES, folder));
    if (!response.ok) throw new Error(`status ${response.status}`);
    return (await response.json()) as FileList;
  } catch (cause) {
    throw new DeviceError(
      'download-incomplete',
      'The analyzer for this device could not be loaded: the server is not responding. Try again.',
      { cause },
    );
  }
}

const DEVICE_CODES: readonly string[] = [
  'wasm-unavailable',
  'memory-insufficient',
  'download-incomplete',
] satisfies DeviceErrorCode[];

function errorOf({ code, message }: Failure): DeviceError | UndertoneError {
  return DEVICE_CODES.includes(code)
    ? new DeviceError(code as DeviceErrorCode, message)
    : new UndertoneError(code as ErrorCode, message);
}

/** The error for a worker that did not start or has died: browsers end one that takes too much memory. */
function notStarted(message: string | undefined): DeviceError {
  return message && /memory|allocat/i.test(message)
    ? new DeviceError(
        'memory-insufficient',
        'This device has too little free memory to analyze here: about 250 MB are needed. Close other tabs or programs and try again.',
      )
    : new DeviceError(
        'download-incomplete',
        'The analyzer for this device could not be started. Reload the page and try again.',
        { cause: message },
      );
}

function closed(): DOMException {
  return new DOMException('The worker was closed.', 'AbortError');
}
