import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildSync, type Metafile } from 'esbuild';
import { ROOT } from '../../lib/root.ts';

/** Processor architectures of Lambda, as AWS names them. */
export type Architecture = 'arm64' | 'x86_64';

/** The same architectures, as Node and npm packages name them. */
export const NODE_ARCH = { arm64: 'arm64', x86_64: 'x64' } as const satisfies Record<
  Architecture,
  string
>;

/** Has native code, so it is copied rather than bundled. */
const ONNX_RUNTIME = 'onnxruntime-node';
/** Loaded by the copied package. */
const ONNX_COMMON = 'onnxruntime-common';

/** What discord.js and ws use if it is installed. */
const OPTIONAL = ['zlib-sync', 'bufferutil', 'utf-8-validate'];

const LICENCE = 'LICENSE.md';
/** Files of the model's folder that each function reads. */
const MODEL_FILES: Readonly<Record<string, readonly string[]>> = {
  emotion: ['emotion.onnx', 'emotion.json', LICENCE],
  label: ['emotion.onnx', 'emotion.json', LICENCE],
  model: ['emotion.json'],
};

/**
 * Environment of the functions that run the model: a megabyte for new JavaScript objects instead of 16. What
 * a note leaves behind is collected while the next one is classified, which saves a sixth of the memory.
 */
export const MODEL_ENVIRONMENT = { NODE_OPTIONS: '--max-semi-space-size=1' } as const;

export interface HandlerBundle {
  /** Name of a file in functions/. */
  readonly name: string;
  readonly architecture: Architecture;
  /** Major version of Node that will run it. */
  readonly node: number;
  /** Folder of the model; the one that ships by default. */
  readonly model?: string | undefined;
}

/**
 * Writes the asset of a function to a folder: its code as one file, the model files it reads, and
 * onnxruntime for one platform if it uses it. Needs neither network nor Docker.
 */
export function bundleHandler(
  { name, architecture, node, model = join(ROOT, 'model') }: HandlerBundle,
  folder: string,
): void {
  const { outputs } = bundle(
    join('functions', `${name}.ts`),
    { node, external: [ONNX_RUNTIME] },
    folder,
  );
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  if (imports.some(({ path }) => path === ONNX_RUNTIME)) copyOnnxRuntime(architecture, folder);
  for (const file of MODEL_FILES[name] ?? []) {
    // Only the shipped model has a licence.
    if (file === LICENCE && !existsSync(join(model, file))) continue;
    cpSync(join(model, file), join(folder, 'model', file));
  }
}

/** Writes the contents of the Discord gateway bot's image to a folder: its code and the Dockerfile. */
export function bundleGateway({ node }: { readonly node: number }, folder: string): void {
  // The bot does not run the model, but core's index names what does: esbuild drops it in the end.
  const external = [...OPTIONAL, ONNX_RUNTIME];
  bundle(join('bots', 'discord', 'main.ts'), { node, external }, folder);
  cpSync(join(ROOT, 'cdk', 'gateway', 'Dockerfile'), join(folder, 'Dockerfile'));
}

interface BundleOptions {
  readonly node: number;
  /** Packages that are resolved at run time. */
  readonly external: readonly string[];
}

/** Bundles a module with everything it imports into `index.mjs` of a folder. */
function bundle(entry: string, { node, external }: BundleOptions, folder: string): Metafile {
  const { metafile } = buildSync({
    entryPoints: [join(ROOT, entry)],
    outfile: join(folder, 'index.mjs'),
    bundle: true,
    platform: 'node',
    // The code locates its files by import.meta.url, which only ES modules have.
    format: 'esm',
    target: `node${node}`,
    mainFields: ['module', 'main'],
    external: [...external],
    // Identifiers are kept, so that stack traces in the logs can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    banner: {
      // CommonJS packages inside an ES module still call require().
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    metafile: true,
    absWorkingDir: ROOT,
    logLevel: 'error',
  });
  return metafile;
}

/**
 * Copies onnxruntime with the libraries of one platform. All platforms together exceed the size limit
 * of Lambda, and there is no hardware for CUDA and TensorRT.
 */
function copyOnnxRuntime(architecture: Architecture, folder: string): void {
  const require = createRequire(join(ROOT, 'package.json'));
  const runtime = dirname(require.resolve(`${ONNX_RUNTIME}/package.json`));
  // Its package.json is not exported, so its folder is derived from its main file.
  const main = require.resolve(ONNX_COMMON, { paths: [runtime] });
  const common = main.slice(0, main.lastIndexOf(ONNX_COMMON) + ONNX_COMMON.length);
  const platform = join('bin', 'napi-v6', 'linux', NODE_ARCH[architecture]);
  const copies = [
    [ONNX_RUNTIME, runtime, ['package.json', 'dist', platform]],
    [ONNX_COMMON, common, ['package.json', join('dist', 'cjs')]],
  ] as const;
  for (const [name, source, paths] of copies) {
    const target = join(folder, 'node_modules', name);
    mkdirSync(target, { recursive: true });
    for (const path of paths) {
      cpSync(join(source, path), join(target, path), { recursive: true, filter: isNeeded });
    }
  }
}

/** Types and source maps are half of the files and are never loaded. */
function isNeeded(path: string): boolean {
  return !/\.(d\.ts|map|tsbuildinfo)$|providers_(cuda|tensorrt)/.test(path);
}
