import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { analyze } from '../../core/analyze.ts';
import { functionals } from '../../core/features/functionals.ts';
import { decodeRecording, problemOf } from './recording.ts';

/** What one recording gave. A recording without a vector is excluded, and `problem` says why. */
export interface Extraction {
  /** Hash of the bytes of the file: the key of the cache. */
  readonly fileHash: string;
  /** Hash of the decoded samples: equal for copies under other names and in other containers. */
  readonly audioHash: string;
  /** Seconds of the whole recording, and of the speech in it. */
  readonly duration: number;
  readonly speechDuration: number;
  readonly vector: Float32Array | null;
  readonly problem: string | null;
}

/** Returns the SHA-256 of bytes as hexadecimal text. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Decodes a recording and describes its speech, with the very functions that serve. Never throws
 * for a bad recording, but for what is not its fault. This is the task of a thread.
 */
export default async function extract(path: string): Promise<Extraction> {
  const bytes = await readFile(path);
  const fileHash = sha256(bytes);
  const nothing = { fileHash, audioHash: fileHash, duration: 0, speechDuration: 0, vector: null };
  try {
    const { samples, duration } = await decodeRecording(bytes);
    const audioHash = hashSamples(samples);
    const analysis = analyze(samples);
    if (!analysis) return { ...nothing, audioHash, duration, problem: 'it contains no sound' };
    const { span, frames } = analysis;
    const vector = functionals(analysis, { from: 0, to: frames });
    const speechDuration = span.end - span.start;
    return { fileHash, audioHash, duration, speechDuration, vector, problem: null };
  } catch (thrown) {
    return { ...nothing, problem: problemOf(path, thrown) };
  }
}

/** Hashes samples in 16 bits: decoders of lossless containers agree on these to the last one. */
export function hashSamples(samples: Float32Array): string {
  const coarse = Int16Array.from(samples, (sample) => Math.round(sample * 32_767));
  return sha256(new Uint8Array(coarse.buffer));
}
