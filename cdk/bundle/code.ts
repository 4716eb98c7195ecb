import { join } from 'node:path';
import { buildSync, type Metafile } from 'esbuild';
import { ROOT } from '../../lib/root.ts';

export interface CodeBundle {
  /** Path of the module to begin with, from the root of the repository. */
  readonly entry: string;
  /** Major version of Node that will run it. */
  readonly node: number;
  /** Packages that are looked for when it runs, and not before. */
  readonly external: readonly string[];
}

/** Writes a module with all that it needs into the file `index.mjs` of a folder; returns what is in it. */
export function bundleCode({ entry, node, external }: CodeBundle, folder: string): Metafile {
  const { metafile } = buildSync({
    entryPoints: [join(ROOT, entry)],
    outfile: join(folder, 'index.mjs'),
    bundle: true,
    platform: 'node',
    // The code finds its files by import.meta.url, which only a module has.
    format: 'esm',
    target: `node${node}`,
    mainFields: ['module', 'main'],
    external: [...external],
    // Names stay, so that a stack in a log can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    banner: {
      // CommonJS packages inside of a module still call require().
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    metafile: true,
    absWorkingDir: ROOT,
    logLevel: 'error',
  });
  return metafile;
}
