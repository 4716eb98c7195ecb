import { randomUUID } from 'node:crypto';
import { constants, renameSync, rmSync, writeFileSync } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UndertoneError } from '../core/index.ts';

export interface AtomicWriteOptions {
  /** Permissions of the new file, for example `0o600`. */
  readonly mode?: number;
  /** Modification time in milliseconds since 1970; now by default. */
  readonly modifiedAt?: number;
}

/**
 * Replaces a file in one step, so that readers find the old content or the new one, never half of it,
 * even after a power failure. Missing folders are created. Devices and pipes are written to, not replaced.
 *
 * The content goes to a hidden file in the same folder first. (write-file-atomic does the same, but
 * cannot set the modification time, and its current version needs Node 22.)
 *
 * @example
 * await writeAtomically('settings.json', JSON.stringify(settings), { mode: 0o600 });
 */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array,
  { mode, modifiedAt }: AtomicWriteOptions = {},
): Promise<void> {
  if (await isDevice(path)) return writeFile(path, content);
  await mkdir(dirname(path), { recursive: true });
  const partial = partialName(path);
  try {
    const file = await open(partial, 'wx', mode);
    try {
      await file.writeFile(content);
      if (modifiedAt !== undefined) await file.utimes(modifiedAt / 1000, modifiedAt / 1000);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/**
 * Synchronous {@link writeAtomically}, in a folder that exists. It survives the end of the process, but
 * does not wait for the disk, so a power failure may undo it.
 */
export function writeAtomicallySync(path: string, content: string): void {
  const partial = partialName(path);
  try {
    writeFileSync(partial, content);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/**
 * Names end in `.tmp`, so that what a killed process left behind can be found. They do not contain the name
 * of the file, which may be as long as a name may be.
 */
function partialName(path: string): string {
  return join(dirname(path), `.${randomUUID()}.tmp`);
}

/**
 * Returns whether a path leads to a device, a pipe or a socket, such as /dev/stdout. To rename a file to it,
 * or to remove it, would take it away from every program.
 */
export async function isDevice(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && !found.isFile() && !found.isDirectory();
}

/**
 * Creates a folder unless it exists, and checks that it can be written to.
 *
 * @param option the command-line option that names the folder
 * @throws UndertoneError `folder-unwritable`
 * @example
 * await ensureFolder('model', '--out');
 */
export async function ensureFolder(folder: string, option: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new UndertoneError(
      'folder-unwritable',
      `Cannot write to the folder ${folder} (${codeOf(cause)}). Check its permissions, or choose another folder with ${option}.`,
      { cause },
    );
  }
}

/** Lock files of this process. */
const held = new Set<string>();

/**
 * Reserves a folder for this process by a `lock` file that holds its process id. The lock of a process
 * that no longer runs is taken over at once. (proper-lockfile would wait until such a lock is stale.)
 *
 * @param option the command-line option that names the folder
 * @returns a function that releases the folder
 * @throws UndertoneError `folder-locked` while another process, or this one, uses the folder
 * @example
 * const unlock = await lockFolder('.cache/training', '--work');
 */
export async function lockFolder(folder: string, option: string): Promise<() => Promise<void>> {
  const path = resolve(folder, 'lock');
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      held.add(path);
      return async () => {
        await rm(path, { force: true });
        held.delete(path);
      };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    if (held.has(path) || isRunning(pid)) {
      throw new UndertoneError(
        'folder-locked',
        `The folder ${folder} is in use by process ${pid}. Stop that process, or choose another folder with ${option}. If the process is not Undertone, delete ${path}.`,
      );
    }
    await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  // A lock with our own id that we do not hold is left from before a restart: ids repeat in containers.
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    // Signal 0 is not sent; it only checks that the process exists.
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user.
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException).code;
}
