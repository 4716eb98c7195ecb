import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findFfmpeg } from '../../core/audio/ffmpeg.ts';
import { ROOT } from '../../lib/root.ts';
import { percentile } from '../measure.ts';

export const REQUESTS = 300;
export const NOTES = 40;
/** Runs that come first and do not count. */
export const WARMUPS = 10;

/** Prints the median and the slowest hundredth of some runs, the warm-ups among them. */
export function report(what: string, milliseconds: readonly number[]): void {
  const counted = milliseconds.slice(WARMUPS);
  const [half, slow] = [0.5, 0.99].map((share) => percentile(counted, share).toFixed(1));
  console.log(`  ${what.padEnd(52)} p50 ${half} ms, p99 ${slow} ms`);
}

/** The first five seconds of a sample, as ffmpeg's options have it. */
export function fiveSeconds(...options: readonly string[]): Uint8Array {
  const cut = ['-loglevel', 'error', '-i', join(ROOT, 'samples', 'slow-low.ogg'), '-t', '5'];
  return execFileSync(findFfmpeg(), [...cut, ...options, 'pipe:1']);
}

/** Options for a note as it was recorded. */
export const OGG = ['-c', 'copy', '-f', 'ogg'] as const;
