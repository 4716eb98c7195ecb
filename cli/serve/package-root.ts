import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Returns the folder of the nearest package.json above this file: the same for the sources and for
 * what is compiled into dist/.
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('No package.json was found above this file.');
    folder = parent;
  }
  return folder;
}

/** Returns the path of a recording that ships with the package, to try things with. */
export function sampleFile(): string | undefined {
  const folder = join(packageRoot(), 'samples');
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder)
    .sort()
    .find((entry) => /\.(flac|m4a|mp3|ogg|wav|webm)$/i.test(entry));
  return name && join(folder, name);
}
