import { readFile, stat } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { writeAtomically } from '../../lib/files.ts';
import { ThreadPool } from '../../lib/threads.ts';
import type { Clip } from './clip.ts';
import type { Content } from './exclusions.ts';

/** Contents between two writes of the cache. */
const INTERVAL = 500;

export interface ContentOptions {
  /** File that what is known is kept in: a run that was stopped goes on from there. */
  readonly cache: string;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** Returns the content of every clip, in their order, from the cache where the file is the same. */
export async function readContents(
  clips: readonly Clip[],
  { cache, workers, signal, onProgress }: ContentOptions,
): Promise<Content[]> {
  const known = await readCache(cache);
  const options = { threads: workers, signal };
  const pool = new ThreadPool<string, Content>('./content-task', import.meta.url, options);
  let done = 0;
  const contentOf = async ({ path }: Clip): Promise<Content> => {
    const { size, mtimeMs } = await stat(path);
    const key = `${path} ${size} ${mtimeMs}`;
    const kept = known.get(key);
    // One with a problem is read again: what was kept may have been the fault of an earlier version.
    const content: Content = kept && !kept.problem ? kept : await pool.run(path);
    const isNew = !kept;
    known.set(key, content);
    onProgress(++done, clips.length);
    if (isNew && known.size % INTERVAL === 0) await writeCache(cache, known);
    return content;
  };
  try {
    const contents = await Promise.all(clips.map(contentOf));
    await writeCache(cache, known);
    return contents;
  } finally {
    await pool.close();
  }
}

async function readCache(path: string): Promise<Map<string, Content>> {
  try {
    return deserialize(await readFile(path));
  } catch {
    return new Map();
  }
}

async function writeCache(path: string, contents: Map<string, Content>): Promise<void> {
  await writeAtomically(path, serialize(contents));
}
