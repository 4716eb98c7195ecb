import { readFile, stat } from 'node:fs/promises';
import { ERROR_TABLE, type ErrorCode } from '../../core/index.ts';
import { writeAtomically } from '../../lib/files.ts';
import type { Outcome } from '../classify-file.ts';

/** Milliseconds by which a file system may round a time that is set. */
const ROUNDING = 1;

/**
 * Writes a label in one step, so that readers never see half of it.
 *
 * @param since when the recording came, in milliseconds since 1970: the label gets this time. Its own
 * could be later than another recording that took the place of this one in the meantime.
 */
export async function writeLabel(path: string, label: Outcome, since: number): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(label, null, 2)}\n`, { modifiedAt: since });
}

/**
 * Returns whether a file has its label already: one that is no older than the file, and that does
 * not tell of a failure of ours, which may have been repaired since.
 *
 * @param since when the file came, in milliseconds since 1970
 */
export async function hasLabel(path: string, since: number): Promise<boolean> {
  try {
    if ((await stat(path)).mtimeMs < since - ROUNDING) return false;
    const label = JSON.parse(await readFile(path, 'utf8')) as Partial<{ error: { code: string } }>;
    return !(label.error && isOurFault(label.error.code));
  } catch {
    return false;
  }
}

function isOurFault(code: string): boolean {
  return !(code in ERROR_TABLE) || ERROR_TABLE[code as ErrorCode].status >= 500;
}
