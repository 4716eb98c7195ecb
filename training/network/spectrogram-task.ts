import { readFile } from 'node:fs/promises';
import { describeLogMel } from '../../core/analyze.ts';
import { decode } from '../../core/audio/decode.ts';
import { type Rendering, render } from './renderings.ts';

/** Spectrograms are kept in 16 bits: this many steps to the decibel. */
export const STEPS_PER_DB = 128;

export interface SpectrogramTask {
  readonly paths: readonly string[];
  /** One for each path: decides what happens to the clip. */
  readonly seeds: readonly number[];
  readonly renderings: readonly Rendering[];
  readonly noisePaths: readonly string[];
  readonly seed: number;
}

let noises: Promise<Float32Array[]> | undefined;

/**
 * Returns the log-mel spectrogram of every clip in every rendering, [clip][rendering], in steps of
 * 1 / STEPS_PER_DB dB. It is empty where the rendering left nothing to be heard. This is the task of
 * a pool worker.
 */
export default async function spectrograms({
  paths,
  seeds,
  renderings,
  noisePaths,
  seed,
}: SpectrogramTask): Promise<Int16Array[][]> {
  const clips = await decodeAll(paths);
  noises ??= decodeAll(noisePaths);
  const resources = { noises: await noises, seed };
  const rows: Int16Array[][] = paths.map(() => []);
  for (const rendering of renderings) {
    const heard = await render(clips, seeds, rendering, resources);
    heard.forEach((samples, i) => {
      rows[i].push(quantize(describeLogMel(samples) ?? new Float32Array(0)));
    });
  }
  return rows;
}

/** One after the other: decoders share the time that each is given. */
async function decodeAll(paths: readonly string[]): Promise<Float32Array[]> {
  const clips: Float32Array[] = [];
  for (const path of paths) clips.push((await decode(await readFile(path))).samples);
  return clips;
}

function quantize(decibels: Float32Array): Int16Array {
  return Int16Array.from(decibels, (value) => Math.round(value * STEPS_PER_DB));
}
