import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
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
  const handler = handlersFor(node).get(name);
  if (!handler) throw new Error(`functions/${name}.ts is not there.`);
  writeFileSync(join(folder, 'index.mjs'), handler.code);
  if (handler.runsModel) copyOnnxRuntime(architecture, folder);
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
  buildSync({
    ...optionsFor(node, external),
    entryPoints: [join('bots', 'discord', 'main.ts')],
    outfile: join(folder, 'index.mjs'),
  });
  cpSync(join(ROOT, 'cdk', 'gateway', 'Dockerfile'), join(folder, 'Dockerfile'));
}

interface BundledHandler {
  readonly code: Uint8Array;
  readonly runsModel: boolean;
}

const bundled = new Map<number, ReadonlyMap<string, BundledHandler>>();

/**
 * Returns every file of functions/ bundled with everything it imports, by its name. All are bundled at
 * once, because most of the work is to read the packages that they share.
 */
function handlersFor(node: number): ReadonlyMap<string, BundledHandler> {
  const known = bundled.get(node);
  if (known) return known;
  const { outputFiles, metafile } = buildSync({
    ...optionsFor(node, [ONNX_RUNTIME]),
    entryPoints: ['functions/*.ts'],
    outdir: 'functions',
    write: false,
    metafile: true,
  });
  const nameOf = (path: string) => basename(path, '.js');
  const runModel = Object.entries(metafile.outputs)
    .filter(([, { imports }]) => imports.some(({ path }) => path === ONNX_RUNTIME))
    .map(([path]) => nameOf(path));
  const handlers = new Map(
    outputFiles.map(({ path, contents }) => [
      nameOf(path),
      { code: contents, runsModel: runModel.includes(nameOf(path)) },
    ]),
  );
  bundled.set(node, handlers);
  return handlers;
}

/** @param external packages that are resolved at run time */
function optionsFor(node: number, external: readonly string[]) {
  return {
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
    absWorkingDir: ROOT,
    logLevel: 'error',
  } as const satisfies BuildOptions;
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
