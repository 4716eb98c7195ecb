import { constants } from 'node:fs';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UndertoneError } from '../core/errors.ts';

/**
 * Creates a folder unless it is there, and makes sure that it can be written to: a run finds that
 * out at its beginning and not at its end.
 *
 * @param option what the user names the folder with
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
 * Takes a folder for this process alone, by a file with its process id in it. The lock of a process
 * that has died is taken over.
 *
 * @returns what gives the folder free again
 * @throws UndertoneError `internal` while another process has it
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
  // This process holds no lock yet: its id in one is that of a dead process, as in containers.
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    // Signal 0 is not sent; it asks whether it could be.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException).code;
}
