import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { FUNCTIONAL_NAMES } from '../../core/features/functionals.ts';
import { ThreadPool } from '../../lib/threads.ts';
import { sha256 } from '../corpus/extract.ts';
import type { Rendering } from './renderings.ts';
import type { HeardClip, SpectrogramTask } from './spectrogram-task.ts';

/** Raise it when a change of the code makes what is stored wrong. */
const VERSION = 2;
/** Clips of one task: what an interruption costs, and what one call of the Opus encoder does. */
const CHUNK = 32;

/** Spectrograms and functionals of clips × renderings; the spectrograms in memory that workers share. */
export interface Spectrograms {
  readonly renderings: number;
  /** All of them end to end, steps × bands each, in steps of 1 / STEPS_PER_DB dB. */
  readonly data: Int16Array;
  /** Where each begins: that of clip i in rendering r is number i · renderings + r; one more at the end. */
  readonly offsets: Float64Array;
  /** Functionals of the whole clips, numbered like the spectrograms; empty where nothing could be heard. */
  readonly functionals: readonly Float32Array[];
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
  const pool = new ThreadPool<SpectrogramTask, HeardClip[][]>(
    './spectrogram-task',
    import.meta.url,
    { threads: workers, signal },
  );
  const chunks = Array.from({ length: Math.ceil(recordings.length / CHUNK) }, (_, i) =>
    recordings.slice(i * CHUNK, (i + 1) * CHUNK),
  );
  let done = 0;
  const make = async (chunk: typeof recordings): Promise<HeardClip[]> => {
    const paths = chunk.map(({ path }) => path);
    const ids = chunk.map(({ id }) => id);
    const features = [FEATURE_CONFIG, FUNCTIONAL_NAMES];
    const key = sha256(
      JSON.stringify([VERSION, features, ids, paths, renderings, noisePaths, seed]),
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
function concatenate(chunks: readonly HeardClip[][], renderings: number): Spectrograms {
  const clips = chunks.flat();
  const offsets = new Float64Array(new SharedArrayBuffer((clips.length + 1) * 8));
  clips.forEach(({ logMel }, i) => {
    offsets[i + 1] = offsets[i] + logMel.length;
  });
  const data = new Int16Array(new SharedArrayBuffer(offsets[clips.length] * 2));
  clips.forEach(({ logMel }, i) => {
    data.set(logMel, offsets[i]);
  });
  return { renderings, data, offsets, functionals: clips.map(({ functionals }) => functionals) };
}

/**
 * The lengths come first, as 32-bit integers after their count; then the values. Functionals
 * follow their spectrogram as pairs of 16-bit words.
 */
async function writeChunk(path: string, clips: readonly HeardClip[]): Promise<void> {
  const rows = clips.flatMap(({ logMel, functionals }) => [
    logMel,
    new Int16Array(functionals.slice().buffer),
  ]);
  const header = Uint32Array.of(rows.length, ...rows.map((row) => row.length));
  const parts = [header, ...rows].map(
    (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  );
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, Buffer.concat(parts));
  await rename(partial, path);
}

async function readChunk(path: string): Promise<HeardClip[]> {
  const bytes = await readFile(path);
  const count = bytes.readUInt32LE(0);
  const rows: Int16Array[] = [];
  let at = 4 * (count + 1);
  for (let i = 0; i < count; i++) {
    const length = bytes.readUInt32LE(4 * (i + 1));
    const row = new Int16Array(length);
    new Uint8Array(row.buffer).set(bytes.subarray(at, at + 2 * length));
    rows.push(row);
    at += 2 * length;
  }
  return Array.from({ length: count / 2 }, (_, i) => ({
    logMel: rows[2 * i],
    functionals: new Float32Array(rows[2 * i + 1].buffer),
  }));
}
