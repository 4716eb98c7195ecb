import { UndertoneError } from '../errors.ts';

/** A decoder of the family wasm-audio-decoders. */
interface WasmDecoder {
  readonly ready: Promise<unknown>;
  reset(): Promise<unknown>;
}

/** What such a decoder has inside, or the one that it wraps. */
interface Internals {
  readonly _decoder?: Internals;
  readonly _common?: {
    readonly wasm: {
      readonly HEAP: ArrayBuffer;
      malloc(bytes: number): number;
      free(pointer: number): void;
    };
  };
}

/** A decoder, and what puts it back to the beginning of a stream. */
interface Lent<D> {
  readonly decoder: D;
  restart(): Promise<unknown>;
}

/** More than any gap between the parts of a heap, and than a decoder allocates while it decodes. */
const LARGE_BYTES = 2 ** 20;

/** One decoder of each kind that waits for the next recording. */
const idle = new Map<string, Lent<WasmDecoder>>();

/**
 * Calls `use` with a decoder as if it were new: that of an earlier recording, where there is one, because
 * a new WebAssembly instance takes 2 to 5 ms and up to 29 MB. One that failed is not used again. `restart`
 * begins another stream.
 *
 * @param kind all decoders of one kind are created with the same options; null for one that is not kept
 * @example
 * const audio = await withDecoder('mp3', () => new MPEGDecoder(), (decoder) => decoder.decode(bytes));
 */
export async function withDecoder<D extends WasmDecoder, Result>(
  kind: string | null,
  create: () => D,
  use: (decoder: D, restart: () => Promise<unknown>) => Result | Promise<Result>,
): Promise<Result> {
  const kept = kind === null ? undefined : (idle.get(kind) as Lent<D> | undefined);
  if (kind !== null) idle.delete(kind);
  if (kept) await kept.restart();
  const lent = kept ?? (await lend(create()));
  const result = await use(lent.decoder, lent.restart);
  if (kind !== null) idle.set(kind, lent);
  return result;
}

/**
 * Prepares a decoder for being put back to what it is now: its memory up to the end of its heap, and the
 * zeros behind it, because mpg123 reads some memory before it writes it. (The decoders' own `reset` makes a
 * new instance, and frees some memory of the old one twice.)
 */
async function lend<D extends WasmDecoder>(decoder: D): Promise<Lent<D>> {
  await decoder.ready;
  const internals = decoder as Internals;
  const wasm = (internals._common ?? internals._decoder?._common)?.wasm;
  // A later version may have other internals.
  if (!wasm?.HEAP) return { decoder, restart: () => decoder.reset() };
  const end = wasm.malloc(LARGE_BYTES);
  wasm.free(end);
  const memory = new Uint8Array(wasm.HEAP, 0, Math.min(end + LARGE_BYTES, wasm.HEAP.byteLength));
  const initial = memory.slice();
  return { decoder, restart: async () => memory.set(initial) };
}

/**
 * Calls a decoder that prints every error, although it also returns them. Of a function that waits for
 * something, only what it prints before that is lost.
 */
export function quietly<Result>(decode: () => Result): Result {
  const { error } = console;
  console.error = () => {};
  try {
    return decode();
  } finally {
    console.error = error;
  }
}

/** Returns false for a decoder that broke down, whose recording ffmpeg may read; our own errors are thrown. */
export function notUnderstood(error: unknown): false {
  if (error instanceof UndertoneError) throw error;
  return false;
}
