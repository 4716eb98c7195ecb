import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { ROOT } from '../../lib/root.ts';
import { ConfigurationError } from '../config.ts';
import { type Architecture, NODE_ARCH } from './code.ts';

/** Path of ffmpeg inside a function: Lambda unpacks layers to /opt. */
export const FFMPEG_IN_LAYER = '/opt/bin/ffmpeg';

/**
 * SHA-256 of the Linux binaries that ffmpeg-static 5.3.0 downloads, whose installer checks nothing. Its
 * release b6.1.1 has FFmpeg 7.0.2 for Linux, as built by johnvansickle.com.
 */
const FFMPEG_STATIC_SHA256: Readonly<Record<Architecture, string>> = {
  arm64: '6bb182d0d75d23028db82e9e4f723ca69b853d055698486e6984ddb2c06fb8ce',
  x86_64: 'e7e7fb30477f717e6f55f9180a70386c62677ef8a4d4d1a5d948f4098aa3eb99',
};

/**
 * Returns the path of the ffmpeg to deploy: the requested one, else the one downloaded to .cache/, else
 * that of the package ffmpeg-static if it is for the right architecture. Null for `none`.
 *
 * @param requested path of a static build, or `none`
 * @param sha256 its SHA-256; by default that of ffmpeg-static
 * @throws ConfigurationError when there is none, with the ways to get one, or when it is another build
 */
export function findFfmpegFor(
  architecture: Architecture,
  requested?: string,
  sha256 = FFMPEG_STATIC_SHA256[architecture],
): string | null {
  if (requested === 'none') return null;
  if (requested !== undefined) {
    const path = resolve(requested);
    const problem = problemOf(path, architecture);
    if (problem) throw new ConfigurationError(`Cannot deploy the ffmpeg at ${path}: ${problem}.`);
    return checked(path, sha256);
  }
  const found = [downloadedFfmpeg(architecture), packagedFfmpeg()].find(
    (path) => path !== undefined && problemOf(path, architecture) === null,
  );
  if (found) return checked(found, sha256);
  const target = relative(ROOT, downloadedFfmpeg(architecture));
  throw new ConfigurationError(
    [
      `No ffmpeg for Linux on ${architecture} was found; M4A and some other formats need it. Either`,
      '  download the one of ffmpeg-static (from GitHub, once), in the folder of package.json:',
      `    mkdir -p .cache && FFMPEG_BIN="$PWD/${target}" npm_config_platform=linux npm_config_arch=${NODE_ARCH[architecture]} node node_modules/ffmpeg-static/install.js`,
      '  or give a static build and its hash: -c ffmpeg=<path> -c ffmpegSha256=<SHA-256>',
      '  or deploy without ffmpeg:            -c ffmpeg=none',
      'WAV, FLAC, MP3, and Opus in Ogg or WebM (Discord, Telegram, WhatsApp, browsers) work without it.',
    ].join('\n'),
  );
}

/** Returns the path of a file with the expected content. */
function checked(path: string, expected: string): string {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (sha256 === expected) return path;
  throw new ConfigurationError(
    [
      `Cannot deploy the ffmpeg at ${path}: it is another build than expected, or was changed.`,
      `  SHA-256 of the file:  ${sha256}`,
      `  expected:             ${expected}`,
      'If its publisher states the first of these for it, deploy it with both values:',
      `  -c ffmpeg=${path} -c ffmpegSha256=${sha256}`,
      'Otherwise delete the file and download it again (docs/deployment.md).',
    ].join('\n'),
  );
}

function downloadedFfmpeg(architecture: Architecture): string {
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

/** Returns why a file cannot be the ffmpeg of a function; null if it can. */
function problemOf(path: string, architecture: Architecture): string | null {
  if (!existsSync(path)) return 'there is no such file';
  const executable = readExecutable(path);
  if (!executable) return 'it is not a program for 64-bit Linux';
  if (executable.architecture !== architecture) {
    return `it is for ${executable.architecture}, but the functions run on ${architecture} (-c architecture=${executable.architecture} changes that)`;
  }
  if (!executable.isStatic) {
    return 'it needs shared libraries, which Lambda does not have; use a static build';
  }
  return null;
}

/** `e_machine` of the two architectures of Lambda (ELF specification; psABI of each). */
const MACHINES: Readonly<Record<number, Architecture>> = { 62: 'x86_64', 183: 'arm64' };
/** Type of the program header that names the dynamic linker. */
const PT_INTERP = 3;
/** The program headers follow the file header and fit in one page with it. */
const HEADER_BYTES = 4096;

/** Reads the header of a program for 64-bit Linux; returns null for any other file. */
function readExecutable(path: string): { architecture: Architecture; isStatic: boolean } | null {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  const isElf64 = header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1;
  const architecture = isElf64 ? MACHINES[header.readUInt16LE(18)] : undefined;
  if (!architecture) return null;
  const first = Number(header.readBigUInt64LE(32));
  const size = header.readUInt16LE(54);
  const count = header.readUInt16LE(56);
  const types = Array.from({ length: count }, (_, i) => first + i * size)
    .filter((at) => at + 4 <= HEADER_BYTES)
    .map((at) => header.readUInt32LE(at));
  return { architecture, isStatic: !types.includes(PT_INTERP) };
}
