import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { MAX_BYTES, tooLarge, UndertoneError } from '../core/index.ts';

/** Inside folders, files with these endings are taken; a file named by itself always is. */
const AUDIO_EXTENSIONS = new Set(
  'wav wave bwf rf64 bw64 w64 wv flac aif aiff aifc caf ogg oga ogv ogx opus spx webm weba mkv mka wma au snd mp1 mp2 mp3 mpga aac m4a m4b m4r m4v mp4 mov qt qta amr awb 3ga 3gp 3gpp 3g2 3gpp2'
    .split(' ')
    .map((extension) => `.${extension}`),
);

/** The argument that means standard input. */
export const STDIN = '-';

/**
 * Returns the files that the arguments name, in their order; folders give the recordings below them
 * in the order of their names. What does not exist or cannot be listed stays in the list and fails when it
 * is read.
 *
 * @throws UndertoneError `parameter-invalid`
 */
export async function expandPaths(paths: readonly string[]): Promise<string[]> {
  if (paths.filter((path) => path === STDIN).length > 1) {
    throw new UndertoneError(
      'parameter-invalid',
      'Standard input holds one recording. Give "-" only once.',
    );
  }
  const files: string[] = [];
  for (const path of paths) {
    if (path !== STDIN && (await isFolder(path))) files.push(...(await recordingsBelow(path)));
    else files.push(path);
  }
  return files;
}

/**
 * Links to recordings are followed. One to a folder is not: it could lead anywhere, even in circles. Nor are
 * pipes and devices read, which may have no end. "._" begins the names of what macOS keeps beside each file.
 */
async function recordingsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (!entries) return [folder];
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await recordingsBelow(path)));
    else if (!AUDIO_EXTENSIONS.has(extname(path).toLowerCase())) continue;
    else if (entry.name.startsWith('._')) continue;
    else if (entry.isFile() || (entry.isSymbolicLink() && (await mayBeRecording(path))))
      found.push(path);
  }
  return found;
}

/** Whether a link leads to a file, or nowhere, which is told when it is read. */
async function mayBeRecording(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? true;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

/**
 * Reads one input, but never more of it than is taken.
 *
 * @throws UndertoneError `not-found`, `audio-too-large`, `audio-unreadable`
 */
export async function readInput(path: string): Promise<Uint8Array> {
  if (path === STDIN) return readLimited(process.stdin);
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw tooLarge();
    // A device or a pipe has no size, and no end either.
    return await readLimited(createReadStream(path));
  } catch (error) {
    if (error instanceof UndertoneError) throw error;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing && path.includes('\ufffd')) throw notUtf8(path, error);
    throw isMissing
      ? new UndertoneError('not-found', `There is no file ${path}.`, { cause: error })
      : new UndertoneError(
          'audio-unreadable',
          `${path} cannot be opened. Check that it exists and that you may read it.`,
          { cause: error },
        );
  }
}

/** The error for a file whose name Node shows with U+FFFD, and cannot open. */
export function notUtf8(path: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'not-found',
    `The name of ${path} is not UTF-8, so that it cannot be opened. Rename the file.`,
    { cause },
  );
}

async function readLimited(stream: Readable): Promise<Uint8Array> {
  let size = 0;
  const limited = (async function* () {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw tooLarge();
      yield chunk;
    }
  })();
  return buffer(limited);
}
