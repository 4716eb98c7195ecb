/**
 * Builds what the page loads to classify on the visitor's device, into dist/browser/: the library that
 * starts a worker, the worker with the core and onnxruntime-web, and its WebAssembly. `npm run build`
 * runs it. The names of the files contain a hash of their content, so that browsers may keep them for ever.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { BUILT_LIST, type BuiltFiles, builtFolder } from '../functions/http/device.ts';
import { ROOT } from '../lib/root.ts';

/** The smallest build of onnxruntime-web: it runs on the processor, with SIMD. */
const RUNTIME = 'onnxruntime-web/ort-wasm-simd-threaded.wasm';

/** Of 11; the next one takes ten times as long and saves a tenth. */
const BROTLI_QUALITY = 9;

const folder = builtFolder();
mkdirSync(folder, { recursive: true });

const { outputFiles } = await build({
  entryPoints: { client: 'device/browser/index.ts', worker: 'device/browser/worker.ts' },
  outdir: folder,
  entryNames: '[name]-[hash]',
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  charset: 'utf8',
  legalComments: 'eof',
  tsconfig: join(ROOT, 'device', 'tsconfig.json'),
  write: false,
  logLevel: 'warning',
});

const built = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
const named = (start: string) => {
  const name = [...built.keys()].find((key) => key.startsWith(`${start}-`));
  if (!name) throw new Error(`esbuild wrote no ${start}.`);
  return name;
};
// What `import 'undertone/web'` finds, under a name that stays.
built.set('index.js', Buffer.from(built.get(named('client')) ?? []));
const wasm = readFileSync(createRequire(import.meta.url).resolve(RUNTIME));
const hash = createHash('sha256').update(wasm).digest('hex').slice(0, 12);
const runtime = `runtime-${hash}.wasm`;
built.set(runtime, wasm);
const list: BuiltFiles = { client: named('client'), worker: named('worker'), runtime };
built.set(BUILT_LIST, Buffer.from(`${JSON.stringify(list, null, 2)}\n`));

const compressed = `${runtime}.br`;
for (const name of readdirSync(folder)) {
  if (!built.has(name) && name !== compressed) rmSync(join(folder, name));
}
for (const [name, content] of built) {
  const path = join(folder, name);
  // A server that is running reads them: what has not changed is left alone.
  if (!existsSync(path) || !readFileSync(path).equals(content)) writeFileSync(path, content);
}
// CloudFront compresses nothing above 10 MB, and three seconds are too long for a visitor to wait.
if (!existsSync(join(folder, compressed))) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length,
  };
  writeFileSync(join(folder, compressed), brotliCompressSync(wasm, { params }));
}
