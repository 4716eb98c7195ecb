import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ERROR_TABLE, type ErrorCode } from '../../core/errors.ts';
import type { Outcome } from '../classify-file.ts';

/** Writes a label so that a reader sees all of it or nothing: a hidden file first, then its name. */
export async function writeLabel(path: string, label: Outcome): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await writeFile(unfinished, `${JSON.stringify(label, null, 2)}\n`);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/**
 * Returns whether a file has its label already: one that was written after the file came, and that
 * does not tell of a failure of ours, which may have been repaired since.
 *
 * @param since when the file came, in milliseconds since 1970
 */
export async function hasLabel(path: string, since: number): Promise<boolean> {
  try {
    if ((await stat(path)).mtimeMs < since) return false;
    const label = JSON.parse(await readFile(path, 'utf8')) as Partial<{ error: { code: string } }>;
    return !(label.error && isOurFault(label.error.code));
  } catch {
    return false;
  }
}

function isOurFault(code: string): boolean {
  return !(code in ERROR_TABLE) || ERROR_TABLE[code as ErrorCode].status >= 500;
}
