import { readFile } from 'node:fs/promises';
import { analyze } from '../../core/analyze.ts';
import { isMade, madeSound } from '../augment/synthesis.ts';
import { decodeRecording } from '../corpus/recording.ts';
import { type Rendering, render } from './renderings.ts';

/** Spectrograms are kept in 16 bits: this many steps to a unit. */
export const STEPS_PER_UNIT = 4096;

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
 * Returns the spectrogram of every clip in every rendering, [clip][rendering], each rows × bands in
 * steps of 1 / STEPS_PER_UNIT; empty where there is nothing but silence. This is the task of a thread.
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
    const rendered = await render(clips, seeds, rendering, resources);
    rendered.forEach((samples, i) => {
      rows[i].push(quantize(analyze(samples)?.mel ?? new Float32Array(0)));
    });
  }
  return rows;
}

async function decodeAll(paths: readonly string[]): Promise<Float32Array[]> {
  const clips: Float32Array[] = [];
  for (const path of paths) {
    clips.push(
      isMade(path) ? madeSound(path) : (await decodeRecording(await readFile(path))).samples,
    );
  }
  return clips;
}

function quantize(mel: Float32Array): Int16Array {
  return Int16Array.from(mel, (value) => Math.round(value * STEPS_PER_UNIT));
}
