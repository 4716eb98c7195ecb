import { sha256 as digest } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import * as ort from 'onnxruntime-web/wasm';
import { createModel, type Model, parseCard, UndertoneError } from '../../core/web.ts';
import { DeviceError, type EngineFiles, type RemoteFile } from './protocol.ts';

type Progress = (loaded: number, total: number) => void;

/**
 * Loads the model and onnxruntime-web: single-threaded, so that the page needs no cross-origin isolation.
 *
 * @throws DeviceError; UndertoneError `model-invalid`
 */
export async function loadEngine(files: EngineFiles, onProgress: Progress): Promise<Model> {
  if (typeof WebAssembly !== 'object') throw noWasm();
  const [runtime, model, card] = await download(
    [files.runtime, files.model, files.card],
    onProgress,
  );
  const { wasm } = ort.env;
  // Given as bytes, it is not fetched from anywhere.
  wasm.wasmBinary = runtime.buffer;
  wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  try {
    return await createModel(parseCard(new TextDecoder().decode(card), 'emotion.json'), model, {
      name: 'emotion.onnx',
      sha256,
      runtime: async () => ort,
    });
  } catch (error) {
    throw unusable(error);
  } finally {
    // Compiled by now; 14 MB would stay in memory.
    delete wasm.wasmBinary;
  }
}

/** Returns the files, in their order. */
async function download(files: readonly RemoteFile[], onProgress: Progress) {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let loaded = 0;
  return Promise.all(
    files.map((file) =>
      fetchWhole(file, (count) => {
        loaded += count;
        onProgress(loaded, total);
      }),
    ),
  );
}

async function fetchWhole(
  { url, bytes: size }: RemoteFile,
  onBytes: (count: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  let at = 0;
  try {
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new Error(`${url}: status ${response.status}`);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      // Throws where more comes than there should be.
      bytes.set(value, at);
      at += value.length;
      onBytes(value.length);
    }
  } catch (cause) {
    throw incomplete(cause);
  }
  if (at < size) throw incomplete(new Error(`${url}: ${at} of ${size} bytes`));
  return bytes;
}

/** Browsers have `crypto.subtle` at secure addresses only. */
async function sha256(bytes: Uint8Array): Promise<string> {
  const { subtle } = globalThis.crypto;
  if (!subtle) return bytesToHex(digest(bytes));
  return bytesToHex(
    new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)),
  );
}

/** onnxruntime wraps what WebAssembly says, or says it in words of its own. */
const MEMORY = /memory|allocat|out of bounds|bad_alloc/i;
const COMPILE = /wasm|webassembly|backend/i;

/** Returns what was thrown while the model was loaded or run as an error with a sentence for people. */
export function unusable(thrown: unknown): DeviceError | UndertoneError {
  if (thrown instanceof DeviceError) return thrown;
  // What is wrong with a recording is, whatever its decoder said.
  if (thrown instanceof UndertoneError && thrown.code !== 'model-invalid') return thrown;
  const cause = thrown instanceof UndertoneError ? (thrown.cause ?? '') : thrown;
  if (MEMORY.test(String(cause))) return noMemory(cause);
  if (COMPILE.test(String(cause))) return noWasm(cause);
  return UndertoneError.from(thrown);
}

function noWasm(cause?: unknown): DeviceError {
  return new DeviceError(
    'wasm-unavailable',
    'This browser cannot analyze on this device: it has no WebAssembly with SIMD, or a setting turns it off. Use a browser of the last two years.',
    { cause },
  );
}

function noMemory(cause: unknown): DeviceError {
  return new DeviceError(
    'memory-insufficient',
    'This device has too little free memory to analyze here: about 250 MB are needed. Close other tabs or programs and try again.',
    { cause },
  );
}

function incomplete(cause: unknown): DeviceError {
  return new DeviceError(
    'download-incomplete',
    'The analyzer for this device could not be loaded completely: the connection broke, or the server is not responding. Try again.',
    { cause },
  );
}
