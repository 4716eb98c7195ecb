import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FileVersion, isSameVersion, versionOf } from './file-version.ts';

/** Milliseconds between the end of one look through the folder and the next. */
const INTERVAL = 3000;
/** A large folder is looked through less often, so that it takes at most this share of the time. */
const BUSY_SHARE = 0.02;

export interface RescanOptions {
  readonly folder: string;
  readonly isIgnored: (path: string) => boolean;
  /** Returns the version of a file that has been dealt with already. */
  readonly known: (path: string) => FileVersion | undefined;
  /** Takes a file of another version than the known one, once that version keeps still. */
  readonly onFile: (path: string) => void;
  /** Takes all paths that were found, after each look. */
  readonly onEnd: (paths: ReadonlySet<string>) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Looks through a folder again and again for files that nobody told of. Notifications of the system
 * get lost: when its queue overflows, on network folders, and when a file takes the place of another
 * with the same time of change.
 *
 * @returns a function that ends it and resolves when the last look is over
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
  const onError = once(options.onError);
  let before = new Map<string, FileVersion>();
  let pause = INTERVAL;
  while (await waited(pause, signal)) {
    const began = performance.now();
    const now = new Map<string, FileVersion>();
    for await (const path of filesBelow(folder, isIgnored, onError)) {
      if (signal.aborted) return;
      const version = await versionOf(path).catch(onError);
      if (!version) continue;
      now.set(path, version);
      // What differs from one look to the next is still being written.
      if (isSameVersion(version, before.get(path)) && !isSameVersion(version, known(path))) {
        onFile(path);
      }
    }
    onEnd(new Set(now.keys()));
    before = now;
    pause = Math.max(INTERVAL, (performance.now() - began) / BUSY_SHARE);
  }
}

/** What cannot be read is told once, not at every look. */
function once(onError: (error: unknown) => void): (error: unknown) => null {
  const told = new Set<string>();
  return (error) => {
    const message = String(error);
    if (!told.has(message)) onError(error);
    told.add(message);
    return null;
  };
}

async function* filesBelow(
  folder: string,
  isIgnored: (path: string) => boolean,
  onError: (error: unknown) => null,
): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    // It has gone since it was listed, or comes back later.
    return error.code === 'ENOENT' ? null : onError(error);
  });
  for (const entry of entries ?? []) {
    const path = join(folder, entry.name);
    if (isIgnored(path)) continue;
    // A link to a folder could lead anywhere, also in circles. A link to a file is followed.
    if (entry.isDirectory()) yield* filesBelow(path, isIgnored, onError);
    else if (entry.isFile() || entry.isSymbolicLink()) yield path;
  }
}

/** Resolves with true after a time, or at once with false when the signal ends the wait. */
function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return sleep(milliseconds, true, { signal }).catch(() => false);
}
