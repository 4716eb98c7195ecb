import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { notUtf8 } from '../inputs.ts';

/** Milliseconds between the end of one scan of the folder and the next. */
const INTERVAL = 3000;
/** A large folder is scanned less often, so that scanning takes at most this share of the time. */
const BUSY_SHARE = 0.02;

export interface RescanOptions {
  readonly folder: string;
  readonly isIgnored: (path: string) => boolean;
  /** Returns the version of a file that has been processed already. */
  readonly known: (path: string) => FileVersion | undefined;
  /** Receives a file whose version differs from the known one, once that version is stable. */
  readonly onFile: (path: string) => void;
  /** Receives all paths that were found, after each scan. */
  readonly onEnd: (paths: ReadonlySet<string>) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Scans a folder again and again for files without a notification. The system loses notifications when
 * its queue overflows, on network folders, and when a file replaces another with the same time of
 * modification.
 *
 * @returns a function that ends it and resolves when the last scan is over
 */
export function startRescan(options: RescanOptions): () => Promise<void> {
  const ending = new AbortController();
  const running = rescan(options, ending.signal);
  return async () => {
    ending.abort();
    await running;
  };
}

async function rescan(options: RescanOptions, signal: AbortSignal): Promise<void> {
  const { folder, isIgnored, known, onFile, onEnd } = options;
  const onError = reportOnce(options.onError);
  let before = new Map<string, FileVersion>();
  let pause = INTERVAL;
  while (await waited(pause, signal)) {
    const began = performance.now();
    const now = new Map<string, FileVersion>();
    for await (const path of filesBelow(folder, isIgnored, onError)) {
      if (signal.aborted) return;
      const version = await versionOf(path).catch(onError);
      if (!version && path.includes('\ufffd')) onError(notUtf8(path));
      if (!version) continue;
      now.set(path, version);
      // What differs from one scan to the next is still being written.
      if (isSameVersion(version, before.get(path)) && !isSameVersion(version, known(path))) {
        onFile(path);
      }
    }
    onEnd(new Set(now.keys()));
    before = now;
    pause = Math.max(INTERVAL, (performance.now() - began) / BUSY_SHARE);
  }
}

/** Reports what cannot be read once, not at every scan. */
function reportOnce(onError: (error: unknown) => void): (error: unknown) => null {
  const reported = new Set<string>();
  return (error) => {
    const message = String(error);
    if (!reported.has(message)) onError(error);
    reported.add(message);
    return null;
  };
}

async function* filesBelow(
  folder: string,
  isIgnored: (path: string) => boolean,
  onError: (error: unknown) => null,
): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    // It disappeared after it was listed, or comes back later.
    return error.code === 'ENOENT' ? null : onError(error);
  });
  for (const entry of entries ?? []) {
    const path = join(folder, entry.name);
    if (isIgnored(path)) continue;
    // A link to a folder could lead anywhere, even in circles. A link to a file is followed.
    if (entry.isDirectory()) yield* filesBelow(path, isIgnored, onError);
    else if (entry.isFile() || entry.isSymbolicLink()) yield path;
  }
}

/** Resolves with true after a time, or at once with false when the signal ends the wait. */
function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return sleep(milliseconds, true, { signal }).catch(() => false);
}

/** Identifies the content under a name: another version is another recording. */
export interface FileVersion {
  readonly size: number;
  readonly inode: number;
  /**
   * When the file arrived or last changed, in milliseconds since 1970. This is the time of the inode,
   * which nobody can set: a file that is moved here keeps its time of modification.
   */
  readonly since: number;
}

/** Returns the version of a regular file, or of a link to one; null when there is none. */
export async function versionOf(path: string): Promise<FileVersion | null> {
  try {
    const [{ ctimeMs: linkedAt }, stats] = await Promise.all([lstat(path), stat(path)]);
    if (!stats.isFile()) return null;
    const { size, ino: inode, ctimeMs } = stats;
    return { size, inode, since: Math.max(linkedAt, ctimeMs) };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) return null;
    throw error;
  }
}

export function isSameVersion(
  one: FileVersion | null | undefined,
  other: FileVersion | null | undefined,
): boolean {
  if (!one || !other) return false;
  return one.size === other.size && one.inode === other.inode && one.since === other.since;
}
