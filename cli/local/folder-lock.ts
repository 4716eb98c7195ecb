import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UndertoneError } from '../../core/errors.ts';

/**
 * Takes a folder for this process alone and returns what gives it back. A lock that a process left
 * behind when it was killed does not count.
 *
 * @throws UndertoneError when another process has it; the database in it would stop this one
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock');
  const take = () => writeFile(path, String(process.pid), { flag: 'wx' });
  await take().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    if (isAlive(owner)) throw inUse(folder, owner, path);
    await rm(path, { force: true });
    await take();
  });
  return () => rm(path, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function inUse(folder: string, pid: number, path: string): UndertoneError {
  return new UndertoneError(
    'internal',
    `The folder ${folder} is used by process ${pid} already. Stop that one or choose another folder; if it is not Undertone, delete ${path}.`,
  );
}
