import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, SAMPLE_RATE } from '../../core/index.ts';
import { readInput } from '../inputs.ts';
import type { Source } from './source.ts';

/** Samples of a tenth of a second, about what a microphone hands over at once. */
const CHUNK = SAMPLE_RATE / 10;

/**
 * Returns a recording as if it were being recorded now.
 *
 * @param isFast gives it as fast as it is taken, not in real time
 * @param signal ends it
 * @throws UndertoneError as `decode` and `readInput` do
 */
export async function playFile(
  path: string,
  { isFast, signal }: { readonly isFast: boolean; readonly signal: AbortSignal },
): Promise<Source> {
  const { samples } = await decode(await readInput(path));
  return { name: basename(path), chunks: play(samples, isFast, signal) };
}

async function* play(
  samples: Float32Array,
  isFast: boolean,
  signal: AbortSignal,
): AsyncGenerator<Float32Array> {
  const began = performance.now();
  for (let from = 0; from < samples.length && !signal.aborted; from += CHUNK) {
    const chunk = samples.subarray(from, from + CHUNK);
    if (!isFast) {
      // Sound exists once it has been played; counting from the beginning keeps errors from adding up.
      const due = began + ((from + chunk.length) / SAMPLE_RATE) * 1000;
      await sleep(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
    yield chunk;
  }
}
