import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ROOT } from '../../lib/root.ts';
import { type Architecture, NODE_ARCH } from './architecture.ts';
import { bundleCode } from './code.ts';

/** The package with native code, which cannot be bundled and is copied instead. */
const NATIVE = 'onnxruntime-node';
/** What the copied package itself loads. */
const NATIVE_NEEDS = ['onnxruntime-common'];

export interface HandlerBundle {
  /** Name of a file in functions/. */
  readonly name: string;
  readonly architecture: Architecture;
  /** Major version of Node that will run it. */
  readonly node: number;
}

/**
 * Writes the asset of one function to a folder: its code in one file, the model and, where the code
 * asks for it, onnxruntime for the one platform. Needs neither network nor Docker.
 */
export function bundleHandler({ name, architecture, node }: HandlerBundle, folder: string): void {
  const metafile = bundleCode(
    { entry: join('functions', `${name}.ts`), node, external: [NATIVE] },
    folder,
  );
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  if (imports.some(({ path }) => path === NATIVE)) copyOnnxRuntime(architecture, folder);
  if (MODEL_FILES[name]) copyModel(MODEL_FILES[name], folder);
}

/** What each function reads of the model folder. */
const MODEL_FILES: Readonly<Record<string, readonly string[]>> = {
  emotion: ['emotion.onnx', 'emotion.json', 'LICENSE.md'],
  label: ['emotion.onnx', 'emotion.json', 'LICENSE.md'],
  model: ['emotion.json'],
};

function copyModel(files: readonly string[], folder: string): void {
  for (const file of files) cpSync(join(ROOT, 'model', file), join(folder, 'model', file));
}

/**
 * Copies onnxruntime with the libraries of one platform. All platforms together are larger than what
 * Lambda takes, and CUDA and TensorRT have nothing to run on there.
 */
function copyOnnxRuntime(architecture: Architecture, folder: string): void {
  const require = createRequire(join(ROOT, 'package.json'));
  const source = dirname(require.resolve(`${NATIVE}/package.json`));
  const target = join(folder, 'node_modules', NATIVE);
  const platform = join('bin', 'napi-v6', 'linux', NODE_ARCH[architecture]);
  mkdirSync(target, { recursive: true });
  cpSync(join(source, 'package.json'), join(target, 'package.json'));
  cpSync(join(source, 'dist'), join(target, 'dist'), { recursive: true, filter: isCode });
  cpSync(join(source, platform), join(target, platform), {
    recursive: true,
    filter: (path) => !/providers_(cuda|tensorrt)/.test(path),
  });
  for (const name of NATIVE_NEEDS) {
    // Its package.json is not exported, so its folder is found from its main file.
    const main = require.resolve(name, { paths: [source] });
    const from = packageFolder(main, name);
    const to = join(folder, 'node_modules', name);
    cpSync(join(from, 'package.json'), join(to, 'package.json'));
    cpSync(join(from, 'dist', 'cjs'), join(to, 'dist', 'cjs'), { recursive: true, filter: isCode });
  }
}

/** Types and source maps are half of the files and are never loaded. */
function isCode(path: string): boolean {
  return !/\.(d\.ts|map|tsbuildinfo)$/.test(path);
}

function packageFolder(file: string, name: string): string {
  let folder = dirname(file);
  while (true) {
    try {
      const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (json.name === name) return folder;
    } catch {
      // Not every folder has one.
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`The package ${name} is not installed: run npm ci.`);
    folder = parent;
  }
}
