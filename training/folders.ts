import { constants } from 'node:fs';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UndertoneError } from '../core/errors.ts';

/**
 * Creates a folder if needed, and makes sure that it is writable, so that a run fails at its start
 * and not at its end.
 *
 * @param option the command-line option that names the folder
 * @throws UndertoneError `internal` when it cannot
 * @example
 * await ensureFolder('model', '--out');
 */
export async function ensureFolder(folder: string, option: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    const sentence = `The folder ${folder} cannot be written to (${codeOf(cause)}). Name another with ${option}.`;
    throw new UndertoneError('internal', sentence, { cause });
  }
}

/**
 * Locks a folder for this process, by a file with its process id. The lock of a dead process is
 * taken over.
 *
 * @returns a function that releases the lock
 * @throws UndertoneError `internal` while another process holds the lock
 * @example
 * const unlock = await lockFolder('.cache/training');
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock');
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    if (isRunning(pid)) {
      throw new UndertoneError(
        'internal',
        `Process ${pid} is training in ${folder}. Wait for it, or name another folder with --work. If that process is no training, delete ${path}.`,
      );
    }
    await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  // This process holds no lock yet: one with its id is left from a dead process, as in containers.
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    // Signal 0 is never delivered; it only checks that the process exists.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException).code;
}
