import { readFile } from 'node:fs/promises';
import { UndertoneError } from '../../core/errors.ts';
import { EMOTIONS } from '../../core/model/emotions.ts';
import { fromRows, type Matrix } from '../../evaluation/matrix.ts';
import { ThreadPool } from '../../lib/threads.ts';
import { ExtractionCache } from './cache.ts';
import type { Clip } from './clip.ts';
import { type Exclusion, findExclusions } from './exclusions.ts';
import { type Extraction, sha256 } from './extract.ts';
import { findRavdess } from './ravdess.ts';

/** Everything that training needs of a corpus. Row i of X and element i of the rest are one clip. */
export interface Dataset {
  readonly clips: readonly Clip[];
  readonly X: Matrix;
  readonly y: Int32Array;
  readonly durations: Float32Array;
  readonly speechDurations: Float32Array;
  readonly exclusions: readonly Exclusion[];
  /** Files that are no recordings of the corpus. */
  readonly others: number;
}

export interface LoadOptions {
  readonly cacheFolder: string;
  readonly workers: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Finds, decodes and describes the recordings below a folder. Copies of the same recording (by
 * decoded content or by name), recordings without speech and unreadable ones are excluded, each with its
 * reason.
 *
 * @throws UndertoneError `not-found` when there are no recordings, `audio-missing` when a class or
 * a second speaker is missing: the sentence says what was found and what is needed.
 */
export async function loadCorpus(folder: string, options: LoadOptions): Promise<Dataset> {
  const { clips, others } = await findRavdess(folder).catch((cause) => {
    throw new UndertoneError('not-found', `The folder ${folder} cannot be read.`, { cause });
  });
  if (clips.length === 0) {
    throw new UndertoneError(
      'not-found',
      `No RAVDESS recordings were found below ${folder} (${others.length} other files). Needed are the folders Audio_Speech_Actors_01-24 and Audio_Song_Actors_01-24 with files like 03-01-05-01-02-01-12.wav (or .flac, .ogg).`,
    );
  }
  const extractions = await extractAll(clips, options);
  const exclusions = findExclusions(clips, extractions, folder);
  const excluded = new Set(exclusions.map(({ path }) => path));
  const kept = clips.map((_, i) => i).filter((i) => !excluded.has(clips[i].path));
  checkComplete(
    kept.map((i) => clips[i]),
    exclusions,
    folder,
  );
  return {
    clips: kept.map((i) => clips[i]),
    X: fromRows(kept.map((i) => extractions[i].vector as Float32Array)),
    y: Int32Array.from(kept, (i) => EMOTIONS.indexOf(clips[i].emotion)),
    durations: Float32Array.from(kept, (i) => extractions[i].duration),
    speechDurations: Float32Array.from(kept, (i) => extractions[i].speechDuration),
    exclusions,
    others: others.length,
  };
}

async function extractAll(clips: readonly Clip[], options: LoadOptions): Promise<Extraction[]> {
  const { cacheFolder, workers, onProgress, signal } = options;
  const cache = await ExtractionCache.open(cacheFolder);
  const pool = new ThreadPool<string, Extraction>('./extract', import.meta.url, {
    ...{ threads: workers, signal },
  });
  let done = 0;
  const extractOne = async ({ path }: Clip): Promise<Extraction> => {
    signal?.throwIfAborted();
    const extraction = await readFile(path).then(
      async (bytes) => cache.get(sha256(bytes)) ?? (await pool.run(path)),
      unreadable,
    );
    await cache.add(extraction);
    onProgress?.(++done, clips.length);
    return extraction;
  };
  try {
    return await mapLimited(clips, workers * 2, extractOne);
  } finally {
    await pool.close();
  }
}

/** What a file gives whose bytes the disk does not hand out. */
function unreadable({ code }: NodeJS.ErrnoException): Extraction {
  return {
    ...{ fileHash: '', audioHash: '', duration: 0, speechDuration: 0, vector: null },
    problem: `the file cannot be read (${code})`,
  };
}

/** Maps with at most `limit` calls under way, results in the order of the items. */
async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await map(items[i]);
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return results;
}

function checkComplete(
  clips: readonly Clip[],
  exclusions: readonly Exclusion[],
  folder: string,
): void {
  const counts = EMOTIONS.map((emotion) => clips.filter((clip) => clip.emotion === emotion).length);
  const missing = EMOTIONS.filter((_, i) => counts[i] === 0);
  const speakers = new Set(
    clips.filter(({ channel }) => channel === 'speech').map(({ actor }) => actor),
  );
  if (missing.length === 0 && speakers.size > 1) return;
  const found = EMOTIONS.map((emotion, i) => `${emotion} ${counts[i]}`).join(', ');
  const problem =
    missing.length > 0
      ? `there is no usable recording of ${missing.join(', ')}`
      : `${speakers.size === 1 ? 'only one actor speaks' : 'nobody speaks'}, so there is nobody to test on`;
  const [first] = exclusions;
  const excluded = first
    ? `; ${exclusions.length} recordings excluded, the first, ${first.id}, because: ${first.reason}`
    : '';
  throw new UndertoneError(
    'audio-missing',
    `Training needs all eight emotions and the speech of at least two actors, and ${problem}. Found below ${folder}: ${found} (${speakers.size} speaking actors${excluded}). Add the missing recordings: both RAVDESS archives together have everything.`,
  );
}
