import { execFileSync } from 'node:child_process';

/** Writes a screenshot (PNG) as WebP, in which text stays sharp at a third of the size. */
export function writeWebp(png: Uint8Array, path: string): void {
  const options = ['-loglevel', 'error', '-f', 'png_pipe', '-i', 'pipe:', '-quality', '88'];
  execFileSync('ffmpeg', [...options, '-c:v', 'libwebp', '-y', path], { input: png });
}
