import { readFile } from 'node:fs/promises';
import { describe } from '../../core/analyze.ts';
import { decode } from '../../core/audio/decode.ts';
import { functionals } from '../../core/features/functionals.ts';
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

/** What one clip gave in one rendering. */
export interface HeardClip {
  /** Steps × bands, in steps of 1 / STEPS_PER_DB dB; empty where there was nothing to be heard. */
  readonly logMel: Int16Array;
  /** Of the whole clip; empty where there was nothing to be heard. */
  readonly functionals: Float32Array;
}

let noises: Promise<Float32Array[]> | undefined;

/**
 * Returns what every clip gives in every rendering, [clip][rendering]. This is the task of a thread.
 */
export default async function spectrograms({
  paths,
  seeds,
  renderings,
  noisePaths,
  seed,
}: SpectrogramTask): Promise<HeardClip[][]> {
  const clips = await decodeAll(paths);
  noises ??= decodeAll(noisePaths);
  const resources = { noises: await noises, seed };
  const rows: HeardClip[][] = paths.map(() => []);
  for (const rendering of renderings) {
    const heard = await render(clips, seeds, rendering, resources);
    heard.forEach((samples, i) => {
      rows[i].push(hear(samples));
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

function hear(samples: Float32Array): HeardClip {
  const analysis = describe(samples);
  if (!analysis) return { logMel: new Int16Array(0), functionals: new Float32Array(0) };
  const { frames, logMel } = analysis.features;
  return {
    logMel: quantize(logMel),
    functionals: functionals(analysis, { from: 0, to: frames }),
  };
}

function quantize(decibels: Float32Array): Int16Array {
  return Int16Array.from(decibels, (value) => Math.round(value * STEPS_PER_DB));
}
