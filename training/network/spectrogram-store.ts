import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { writeAtomically } from '../../lib/files.ts';
import { ThreadPool } from '../../lib/threads.ts';
import { sha256 } from '../corpus/extract.ts';
import type { Rendering } from './renderings.ts';
import type { SpectrogramTask } from './spectrogram-task.ts';

/** Raise it when a change of the code makes what is stored wrong. */
const VERSION = 4;
/** Clips of one task: what an interruption costs, and what one call of the Opus encoder does. */
const CHUNK = 32;

/** Spectrograms of clips × renderings, in memory that workers share. */
export interface Spectrograms {
  readonly renderings: number;
  /** All of them end to end, rows × bands each, in steps of 1 / STEPS_PER_UNIT. */
  readonly data: Int16Array;
  /** Where each begins: that of clip i in rendering r is number i · renderings + r; one more at the end. */
  readonly offsets: Float64Array;
}

export interface PrepareOptions {
  /** Where chunks are kept; those that are there are not made again. */
  readonly folder: string;
  readonly renderings: readonly Rendering[];
  readonly noisePaths: readonly string[];
  readonly seed: number;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Returns the spectrograms of recordings in every rendering, from disk where they were made before.
 *
 * @param recordings path and name of each; the name decides, with the seed, what chains are drawn
 */
export async function prepareSpectrograms(
  recordings: readonly { readonly path: string; readonly id: string }[],
  { folder, renderings, noisePaths, seed, workers, signal, onProgress }: PrepareOptions,
): Promise<Spectrograms> {
  await mkdir(folder, { recursive: true });
  const pool = new ThreadPool<SpectrogramTask, Int16Array[][]>(
    './spectrogram-task',
    import.meta.url,
    { threads: workers, signal },
  );
  const chunks = Array.from({ length: Math.ceil(recordings.length / CHUNK) }, (_, i) =>
    recordings.slice(i * CHUNK, (i + 1) * CHUNK),
  );
  let done = 0;
  const make = async (chunk: typeof recordings): Promise<Int16Array[]> => {
    const paths = chunk.map(({ path }) => path);
    const ids = chunk.map(({ id }) => id);
    const key = sha256(
      JSON.stringify([VERSION, FEATURE_CONFIG, ids, paths, renderings, noisePaths, seed]),
    );
    const path = join(folder, `${key.slice(0, 24)}.bin`);
    if (!existsSync(path)) {
      const seeds = ids.map((id) => Number.parseInt(sha256(id).slice(0, 7), 16));
      const task: SpectrogramTask = { paths, seeds, renderings, noisePaths, seed };
      const rows = await pool.run(task);
      await writeChunk(path, rows.flat());
    }
    onProgress(++done, chunks.length);
    return readChunk(path);
  };
  try {
    return concatenate(await Promise.all(chunks.map(make)), renderings.length);
  } finally {
    await pool.close();
  }
}

/** Concatenates spectrograms of several calls with the same number of renderings. */
function concatenate(chunks: readonly Int16Array[][], renderings: number): Spectrograms {
  const rows = chunks.flat();
  const offsets = new Float64Array(new SharedArrayBuffer((rows.length + 1) * 8));
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i] + row.length;
  });
  const data = new Int16Array(new SharedArrayBuffer(offsets[rows.length] * 2));
  rows.forEach((row, i) => {
    data.set(row, offsets[i]);
  });
  return { renderings, data, offsets };
}

/** The lengths come first, as 32-bit integers after their count; then the values. */
async function writeChunk(path: string, rows: readonly Int16Array[]): Promise<void> {
  const header = Uint32Array.of(rows.length, ...rows.map((row) => row.length));
  const parts = [header, ...rows].map(
    (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  );
  await writeAtomically(path, Buffer.concat(parts));
}

async function readChunk(path: string): Promise<Int16Array[]> {
  const bytes = await readFile(path);
  const count = bytes.readUInt32LE(0);
  let at = 4 * (count + 1);
  return Array.from({ length: count }, (_, i) => {
    const row = new Int16Array(bytes.readUInt32LE(4 * (i + 1)));
    new Uint8Array(row.buffer).set(bytes.subarray(at, at + row.byteLength));
    at += row.byteLength;
    return row;
  });
}
