import { readFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { writeAtomically } from '../../lib/files.ts';
import type { AdamWState } from '../autodiff/index.ts';

/** A point of the learning curve. */
export interface CurvePoint {
  readonly step: number;
  /** Mean training loss since the point before, in nats; augmentation and smoothing keep it high. */
  readonly loss: number;
  /** Unweighted average recall on the clips that are watched; null when there are none. */
  readonly watched: number | null;
}

/** Everything that a fit needs to go on. */
export interface Checkpoint {
  /** Steps made. */
  readonly step: number;
  readonly values: Float32Array;
  readonly average: { readonly values: Float32Array; readonly steps: number };
  /** Running mean and variance of every normalisation. */
  readonly statistics: readonly (readonly [Float32Array, Float32Array])[];
  readonly optimiser: AdamWState;
  readonly curve: readonly CurvePoint[];
}

/** Writes beside and renames: an interruption leaves the old checkpoint or the new one. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeAtomically(path, serialize(checkpoint));
}

/** Returns the checkpoint at a path, or null when there is none that can be read. */
export async function readCheckpoint(path: string): Promise<Checkpoint | null> {
  try {
    return deserialize(await readFile(path));
  } catch {
    return null;
  }
}
