import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import pLimit from 'p-limit';
import { ERROR_TABLE, type ErrorCode, UndertoneError } from '../../core/index.ts';
import { ensureFolder, writeAtomically } from '../../lib/files.ts';
import { ThreadPool } from '../../lib/threads.ts';
import type { ClassifyTask, Outcome } from '../classify-file.ts';
import { printable } from '../terminal.ts';
import { type FileVersion, isSameVersion, startRescan, versionOf } from './rescan.ts';

/** Milliseconds for which a file must keep its size before it counts as complete. */
const STABLE_AFTER = 500;
const POLL_INTERVAL = 100;
/** Milliseconds until a file whose label could not be written is tried again. */
const RETRY_AFTER = 60_000;
/** Milliseconds by which a file system may round a time that is set. */
const ROUNDING = 1;
/** Names that browsers and copying programs give to unfinished files. */
const UNFINISHED = /\.(crdownload|download|part|partial|tmp)$/i;

export interface DropFolderOptions {
  readonly inbox: string;
  readonly labels: string;
  /** Classifies one file; it is called for one at a time. */
  readonly classify: (path: string) => Promise<Outcome>;
  /** Prints one line per labelled file; problems with the folders themselves go to stderr. */
  readonly print: (line: string) => void;
  /** Makes that line; by default the name and the label or error. */
  readonly format?: (label: Outcome) => string;
}

export interface DropFolder {
  /** Stops watching and resolves when the current file has its label. */
  close(): Promise<void>;
}

/**
 * Watches a folder and its subfolders: every file in it gets `<labels>/<relative name>.json` with its
 * verdict or its named error. So do files that were there before and have no label, or one older than
 * themselves. Hidden files and unfinished downloads are ignored.
 *
 * Resolves when it is watching. Both folders are created.
 *
 * @throws UndertoneError when the folders cannot be used. Later failures become the label of their
 * file.
 * @example
 * const folders = { inbox: 'inbox', labels: 'labels' };
 * const watching = await watchDropFolder({ ...folders, classify: classifyFile, print: console.log });
 */
export async function watchDropFolder(options: DropFolderOptions): Promise<DropFolder> {
  const { classify, print, format = summary } = options;
  const { inbox, labels } = await prepareFolders(options);
  const versions = new Map<string, FileVersion>();
  const retryAt = new Map<string, number>();
  const labelAt = async (path: string) => {
    try {
      const file = relative(inbox, path).split(sep).join('/');
      const target = labelPath(labels, file);
      const label = await labelFile({ path, file, target, classify, versions });
      if (label === 'changed') add(path);
      else if (label) print(format(label));
      retryAt.delete(path);
    } catch (error) {
      retryAt.set(path, performance.now() + RETRY_AFTER);
      complain(path, error);
    }
  };
  const oneAtATime = pLimit(1);
  const waiting = new Set<string>();
  let current: Promise<void> = Promise.resolve();
  // A file that waits is not added twice; one in progress is, as it may have changed meanwhile.
  const add = (path: string) => {
    if (waiting.has(path)) return;
    waiting.add(path);
    void oneAtATime(() => {
      waiting.delete(path);
      current = labelAt(path);
      return current;
    });
  };
  const ignored = (path: string) => isIgnored(path, inbox, labels);
  const watcher = watch(inbox, {
    ignored,
    // Otherwise names that look like an editor's backup would never be reported.
    atomic: false,
    awaitWriteFinish: { stabilityThreshold: STABLE_AFTER, pollInterval: POLL_INTERVAL },
    // A link to a folder could lead anywhere, even in circles. A link to a file is followed.
    followSymlinks: false,
  });
  watcher.on('add', (path) => add(path));
  watcher.on('change', (path) => add(path));
  watcher.on('error', (error) => complain(inbox, error));
  await ready(watcher);
  const endRescan = startRescan({
    folder: inbox,
    isIgnored: ignored,
    known: (path) => versions.get(path),
    onFile: (path) => {
      if (performance.now() >= (retryAt.get(path) ?? 0)) add(path);
    },
    onEnd: (paths) => {
      forgetOthers(versions, paths);
      forgetOthers(retryAt, paths);
    },
    onError: (error) => complain(inbox, error),
  });
  return {
    async close() {
      await Promise.all([watcher.close(), endRescan()]);
      oneAtATime.clearQueue();
      await current;
    },
  };
}

interface Folders {
  readonly inbox: string;
  readonly labels: string;
}

/** Creates both folders and returns their real paths. */
async function prepareFolders({ inbox, labels }: Folders): Promise<Folders> {
  // It need not be writable: recordings are only read.
  await mkdir(inbox, { recursive: true }).catch((cause) => {
    throw new UndertoneError(
      'folder-unwritable',
      `Cannot create the folder ${inbox} (${cause.code}). Check the path and its permissions, or choose another folder.`,
      { cause },
    );
  });
  await ensureFolder(labels, '--labels');
  const real = { inbox: await realpath(inbox), labels: await realpath(labels) };
  // Labels would count as new files and be labelled again.
  if (isInside(real.inbox, real.labels)) {
    throw new UndertoneError(
      'setting-invalid',
      `The inbox ${inbox} is inside the folder of the labels, ${labels}. Choose another folder for the labels with --labels.`,
    );
  }
  return real;
}

function isIgnored(path: string, inbox: string, labels: string): boolean {
  if (isInside(path, labels)) return true;
  const names = relative(inbox, path).split(sep);
  return names.some((name) => name.startsWith('.') || UNFINISHED.test(name));
}

/** Returns whether a path is a folder or lies in it. */
function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

function ready(watcher: FSWatcher): Promise<void> {
  return new Promise((resolve) => {
    watcher.once('ready', () => resolve());
  });
}

/** Drops what is known about files that are gone. */
function forgetOthers(map: Map<string, unknown>, paths: ReadonlySet<string>): void {
  for (const path of map.keys()) if (!paths.has(path)) map.delete(path);
}

/** Longest name of a file in bytes, on the usual file systems. */
const MAX_NAME_BYTES = 255;

/** Returns where the label of a file is written. A name that would be too long becomes its SHA-256. */
function labelPath(labels: string, file: string): string {
  const path = join(labels, `${file}.json`);
  if (Buffer.byteLength(basename(path)) <= MAX_NAME_BYTES) return path;
  return join(dirname(path), `${createHash('sha256').update(file).digest('hex')}.json`);
}

interface Job extends Pick<DropFolderOptions, 'classify'> {
  readonly path: string;
  /** Name inside the inbox, with slashes on every system. */
  readonly file: string;
  readonly target: string;
  /** The version of each file that its label is about. */
  readonly versions: Map<string, FileVersion>;
}

/**
 * Labels one file. Returns null when it has a label already or is gone, and `changed` when it is no
 * longer the file that was classified.
 */
async function labelFile(job: Job): Promise<Outcome | 'changed' | null> {
  const { path, file, target, classify, versions } = job;
  const version = await versionOf(path);
  if (!version || (await isLabelled(job, version))) return null;
  const label = { ...(await classify(path).catch((thrown) => failed(path, thrown))), file };
  if (!isSameVersion(await versionOf(path), version)) return 'changed';
  // A failure that passes is not written down: the file is tried again after a while.
  if ('error' in label && label.error.code === 'unavailable') throw new Error(label.error.message);
  await writeLabel(target, label, version.since);
  versions.set(path, version);
  return label;
}

/** Recognises what this process labelled by its exact version, and what was labelled earlier by time. */
async function isLabelled({ path, target, versions }: Job, version: FileVersion): Promise<boolean> {
  const labelled = versions.get(path);
  if (labelled) return isSameVersion(labelled, version);
  if (!(await hasLabel(target, version.since))) return false;
  versions.set(path, version);
  return true;
}

/**
 * Writes a label in one step, so that readers never see half of it.
 *
 * @param since when the recording arrived, in milliseconds since 1970: the label gets this time. Its own
 * could be later than another recording that replaced this one in the meantime.
 */
async function writeLabel(path: string, label: Outcome, since: number): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(label, null, 2)}\n`, { modifiedAt: since });
}

/**
 * Returns whether a file has its label already: one that is no older than the file and reports no
 * failure of ours, which may have been repaired since.
 *
 * @param since when the file arrived, in milliseconds since 1970
 */
async function hasLabel(path: string, since: number): Promise<boolean> {
  try {
    if ((await stat(path)).mtimeMs < since - ROUNDING) return false;
    const label = JSON.parse(await readFile(path, 'utf8')) as Partial<{ error: { code: string } }>;
    return !(label.error && isOurFault(label.error.code));
  } catch {
    return false;
  }
}

function isOurFault(code: string): boolean {
  return !(code in ERROR_TABLE) || ERROR_TABLE[code as ErrorCode].status >= 500;
}

function failed(path: string, thrown: unknown): Outcome {
  complain(path, thrown);
  const { code, message } = UndertoneError.from(thrown);
  return { file: path, error: { code, message } };
}

function summary(label: Outcome): string {
  const result =
    'error' in label
      ? `${label.error.code}: ${label.error.message}`
      : `${label.emotion} (${label.confidence.toFixed(2)})`;
  return `${printable(label.file)} → ${result}`;
}

function complain(path: string, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${printable(path)}: ${printable(why)}\n`);
}

/** Classifies files without blocking the process. */
export interface Classifier {
  classify(path: string): Promise<Outcome>;
  close(): Promise<void>;
}

/**
 * Starts a thread for the drop folder: five minutes of audio take seconds of computing.
 *
 * @param model folder of the model to use instead of the shipped one
 */
export function startClassifier(model?: string): Classifier {
  const pool = new ThreadPool<ClassifyTask, Outcome>('../classify-file', import.meta.url, {
    threads: 1,
  });
  return {
    classify: (file) => pool.run({ file, model }),
    close: () => pool.close(),
  };
}
