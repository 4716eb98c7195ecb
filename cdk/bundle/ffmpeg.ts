import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { ROOT } from '../../lib/root.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { type Architecture, NODE_ARCH } from './architecture.ts';
import { readExecutable } from './elf.ts';

/** Where ffmpeg lies in a function: layers are unpacked to /opt. */
export const FFMPEG_IN_LAYER = '/opt/bin/ffmpeg';

/**
 * Returns the ffmpeg to deploy: the one that is asked for, else one fetched into .cache/, else that
 * of the package ffmpeg-static, where it is for the processor of the functions. Null for `none`.
 *
 * @throws ConfigurationError a sentence that says how to get one
 */
export function findFfmpegFor(architecture: Architecture, asked?: string): string | null {
  if (asked === 'none') return null;
  if (asked !== undefined) {
    const path = isAbsolute(asked) ? asked : resolve(asked);
    const complaint = complaintAbout(path, architecture);
    if (complaint)
      throw new ConfigurationError(`The ffmpeg at ${path} cannot be deployed: ${complaint}.`);
    return path;
  }
  const fits = (path: string) => complaintAbout(path, architecture) === null;
  const found = [fetchedFfmpeg(architecture), packagedFfmpeg()].find(
    (path) => path !== undefined && fits(path),
  );
  if (found) return found;
  throw new ConfigurationError(howToGetOne(architecture));
}

/** Why a file cannot be the ffmpeg of a function; null when it can. */
function complaintAbout(path: string, architecture: Architecture): string | null {
  if (!existsSync(path)) return 'there is no such file';
  const executable = readExecutable(path);
  if (!executable) return 'it is not a program for 64-bit Linux';
  if (executable.architecture !== architecture) {
    return `it is for ${executable.architecture}, and the functions run on ${architecture} (-c architecture=${executable.architecture} changes that)`;
  }
  if (!executable.isStatic) {
    return 'it needs shared libraries, which Lambda does not have; take a static build';
  }
  return null;
}

function fetchedFfmpeg(architecture: Architecture): string {
  return join(ROOT, '.cache', `ffmpeg-linux-${NODE_ARCH[architecture]}`);
}

function packagedFfmpeg(): string | undefined {
  try {
    const path: unknown = createRequire(join(ROOT, 'package.json'))('ffmpeg-static');
    return typeof path === 'string' ? path : undefined;
  } catch {
    return undefined;
  }
}

function howToGetOne(architecture: Architecture): string {
  const target = relative(ROOT, fetchedFfmpeg(architecture));
  return [
    `There is no ffmpeg for Linux on ${architecture} here, and MP3, M4A and the like need one. Either`,
    '  fetch the one of ffmpeg-static (from GitHub, once), in the folder of package.json:',
    `    mkdir -p .cache && FFMPEG_BIN="$PWD/${target}" npm_config_platform=linux npm_config_arch=${NODE_ARCH[architecture]} node node_modules/ffmpeg-static/install.js`,
    '  or name a static build that you have:  -c ffmpeg=<path>',
    '  or deploy without it:                  -c ffmpeg=none',
    'WAV, FLAC, and Opus in Ogg or WebM (Discord, Telegram, WhatsApp, browsers) work without it.',
  ].join('\n');
}
