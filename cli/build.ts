/**
 * Bundles the command into one file, and what its processes run into another, over what the compiler made
 * of them in dist/; `npm run build` runs it. A process that classifies one recording would spend a fifth of
 * its time on finding and reading two hundred modules. The other commands stay modules, and are loaded when
 * they are asked for.
 */
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../lib/root.ts';

/** Leaves what the command itself loads on demand where the compiler put it. */
const commandsStayModules: Plugin = {
  name: 'commands-stay-modules',
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ kind, path, importer }) =>
      kind === 'dynamic-import' && importer.startsWith(join(ROOT, 'cli'))
        ? { path: path.replace(/\.ts$/, '.js'), external: true }
        : undefined,
    );
  },
};

await build({
  entryPoints: ['cli/main.ts', 'cli/classify-process.ts'],
  outdir: 'dist/cli',
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Most runs do without these: onnxruntime is native code, and the bar is for many files.
  external: ['onnxruntime-node', 'cli-progress'],
  banner: {
    // CommonJS packages inside an ES module still call require().
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  legalComments: 'eof',
  plugins: [commandsStayModules],
  logLevel: 'warning',
});
