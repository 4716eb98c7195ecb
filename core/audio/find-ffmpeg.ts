import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { UndertoneError } from '../errors.ts';

/**
 * Returns the path of ffmpeg: FFMPEG_BIN if set, else the one of the optional package ffmpeg-static,
 * else the first on PATH.
 *
 * @param need what needs it, the beginning of the error message
 * @throws UndertoneError `decoder-missing` with instructions for installing it
 */
export function findFfmpeg(
  environment: NodeJS.ProcessEnv = process.env,
  need = 'This format needs ffmpeg',
): string {
  const named = environment.FFMPEG_BIN;
  if (named) {
    if (existsSync(named)) return named;
    throw missing(`FFMPEG_BIN is ${named}, which does not exist.`);
  }
  const fromPackage = ffmpegStatic();
  if (fromPackage) return fromPackage;
  const executable = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  const onPath = (environment.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, executable))
    .find((path) => existsSync(path));
  if (onPath) return onPath;
  throw missing(`${need}, which is not installed.`);
}

let hashed: { readonly build: string; readonly sha256: Promise<string> } | undefined;

/** Returns the SHA-256 of the ffmpeg that decodes; `unknown` if there is none or it cannot be read. */
export async function ffmpegBuild(): Promise<string> {
  try {
    const path = findFfmpeg();
    const { size, mtimeMs } = await stat(path);
    const build = [path, size, mtimeMs].join();
    if (hashed?.build !== build) hashed = { build, sha256: sha256Of(path) };
    return await hashed.sha256;
  } catch {
    return 'unknown';
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** ffmpeg-static downloads its binary on install; offline, the package or the file is absent. */
function ffmpegStatic(): string | undefined {
  try {
    const path: unknown = createRequire(import.meta.url)('ffmpeg-static');
    return typeof path === 'string' && existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The error for a program that was started and is no ffmpeg. */
export function notWorking(ffmpeg: string, cause: Error): UndertoneError {
  return missing(`ffmpeg at ${ffmpeg} does not work.`, cause);
}

/** The error for a program that could not be started. */
export function cannotStart(ffmpeg: string, cause: unknown): UndertoneError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  // Too many processes or files, or too little memory, are no fault of the program.
  if (!['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'].includes(code)) {
    return missing(`ffmpeg at ${ffmpeg} could not be started.`, cause);
  }
  const why = `ffmpeg could not be started (${code}). Try again in a minute.`;
  return new UndertoneError('unavailable', why, { cause });
}

function missing(why: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'decoder-missing',
    `${why} Install it (Debian: apt install ffmpeg; macOS: brew install ffmpeg; Windows: winget install ffmpeg) or set FFMPEG_BIN to its path. WAV, FLAC, MP3, and Opus in Ogg or WebM work without it.`,
    { cause },
  );
}
