import { readFile } from 'node:fs/promises';
import { findActivity } from '../../core/audio/speech.ts';
import type { Content } from './exclusions.ts';
import { hashSamples, sha256 } from './extract.ts';
import { fingerprintOf } from './fingerprint.ts';
import { decodeRecording, problemOf } from './recording.ts';

/**
 * Returns what has to be known of the content of a recording to tell whether it is trained on. Never
 * throws for a bad recording, but for what is not its fault. This is the task of a thread.
 */
export default async function contentOf(path: string): Promise<Content> {
  const bytes = await readFile(path);
  try {
    const { samples } = await decodeRecording(bytes);
    const problem = findActivity(samples) ? null : 'it contains no sound';
    return { problem, audioHash: hashSamples(samples), fingerprint: fingerprintOf(samples) };
  } catch (thrown) {
    return { problem: problemOf(path, thrown), audioHash: sha256(bytes) };
  }
}
