import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { CARD_FILE, MODEL_FILE } from '../../core/index.ts';
import { ROOT } from '../../lib/root.ts';
import { PAGE } from './page.ts';

/**
 * What the page loads to classify on the visitor's device. The local server, the stack in cdk/ and the
 * static site all serve these files, at the same paths.
 */

/** Path, below that of the page, of the folder that they are in. */
export const DEVICE = 'device';

/** The list of them, which is read first; the names of all others contain a hash of their content. */
export const DEVICE_LIST = `${DEVICE}/files.json`;

/** Headers of the files whose names contain a hash. */
export const FOREVER = 'public, max-age=31536000, immutable';

/** Names of what `npm run build` writes for browsers. */
export interface BuiltFiles {
  /** The library that the page imports. */
  readonly client: string;
  readonly worker: string;
  /** The WebAssembly of onnxruntime-web, beside which lies a copy with `.br` behind its name. */
  readonly runtime: string;
}

/** The file with these names, in the same folder. */
export const BUILT_LIST = 'built.json';

/** Returns the folder that the build writes to. */
export function builtFolder(): string {
  return join(ROOT, 'dist', 'browser');
}

export interface DeviceFile {
  /** Relative to the page, for example `device/worker-1A2B3C.js`. */
  readonly path: string;
  /** The file on this machine. */
  readonly source: string;
  readonly type: string;
  /** The same file compressed with Brotli, if there is one: the package on npm has none. */
  readonly brotli?: string;
}

/** A file by its path, relative to the list, and its size. */
export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
}

export interface DeviceFiles {
  /**
   * The content of DEVICE_LIST: path and size of each file by what it is, and as `page` the paths of
   * the page's own files, which the service worker keeps for when there is no network.
   */
  readonly list: Readonly<Record<string, ListedFile | readonly string[]>>;
  readonly files: readonly DeviceFile[];
}

/**
 * Returns the files that classify on the visitor's device.
 *
 * @param model the folder of the model: a page and its server answer with the same one
 * @throws Error when they have not been built
 */
export function deviceFiles(model: string): DeviceFiles {
  const folder = builtFolder();
  const list = join(folder, BUILT_LIST);
  if (!existsSync(list)) {
    throw new Error(`${list} is missing. Run "npm run build", which writes it.`);
  }
  const { client, worker, runtime } = JSON.parse(readFileSync(list, 'utf8')) as BuiltFiles;
  const brotli = join(folder, `${runtime}.br`);
  const [graph, card] = [join(model, MODEL_FILE), join(model, CARD_FILE)];
  const parts = {
    client: { name: client, source: join(folder, client), type: 'text/javascript' },
    worker: { name: worker, source: join(folder, worker), type: 'text/javascript' },
    runtime: {
      name: runtime,
      source: join(folder, runtime),
      type: 'application/wasm',
      ...(existsSync(brotli) && { brotli }),
    },
    model: {
      name: `model-${hashOf(graph)}.onnx`,
      source: graph,
      type: 'application/octet-stream',
    },
    card: { name: `card-${hashOf(card)}.json`, source: card, type: 'application/json' },
  };
  const entries = Object.entries(parts);
  return {
    list: {
      page: pageFiles(),
      ...Object.fromEntries(
        entries.map(([part, { name, source }]) => [
          part,
          { path: name, bytes: statSync(source).size },
        ]),
      ),
    },
    files: entries.map(([, { name, ...file }]) => ({ path: `${DEVICE}/${name}`, ...file })),
  };
}

/** Returns the paths of the page's files, except those of the document and of the service worker itself. */
function pageFiles(): string[] {
  const folder = join(ROOT, PAGE.folder);
  const own = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, '/'))
    .filter((path) => path !== 'index.html' && path !== 'sw.js');
  return [...own, ...Object.keys(PAGE.vendor)].sort();
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
}
