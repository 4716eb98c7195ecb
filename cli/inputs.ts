import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { MAX_BYTES, tooLarge, UndertoneError } from '../core/index.ts';

/** Inside folders, files with these endings are taken; a file named by itself always is. */
const AUDIO_EXTENSIONS = new Set(
  'wav ogg oga opus flac mp3 m4a mp4 aac webm mka amr 3gp caf aif aiff au wma w64 wv mov'
    .split(' ')
    .map((extension) => `.${extension}`),
);

/** The argument that means standard input. */
export const STDIN = '-';

/**
 * Returns the files that the arguments name, in their order; folders give the recordings below them
 * in the order of their names. What does not exist stays in the list and fails when it is read.
 */
export async function expandPaths(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const isFolder = path !== STDIN && (await stat(path).catch(() => null))?.isDirectory();
    if (isFolder) files.push(...(await recordingsBelow(path)));
    else files.push(path);
  }
  return files;
}

async function recordingsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && AUDIO_EXTENSIONS.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * Reads one input, but never more of it than is taken.
 *
 * @throws UndertoneError `not-found`, `audio-too-large`, `audio-unreadable`
 */
export async function readInput(path: string): Promise<Uint8Array> {
  if (path === STDIN) return readStdin();
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw tooLarge();
    return await readFile(path);
  } catch (error) {
    if (error instanceof UndertoneError) throw error;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw isMissing
      ? new UndertoneError('not-found', `There is no file ${path}.`, { cause: error })
      : new UndertoneError(
          'audio-unreadable',
          `${path} cannot be opened. Check that it is a file and that you may read it.`,
          { cause: error },
        );
  }
}

async function readStdin(): Promise<Uint8Array> {
  let size = 0;
  const limited = (async function* () {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw tooLarge();
      yield chunk;
    }
  })();
  return buffer(limited);
}
