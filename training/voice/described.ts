import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { STATISTIC_NAMES, stretchStatistics } from '../../core/voice/statistics.ts';
import { stretches } from '../../core/voice/stretches.ts';
import { type Example, type ExampleOptions, examples } from './examples.ts';
import type { Recording } from './recordings.ts';

/** An example, its stretches described: an empty list where nothing can be judged. */
export interface Described extends Omit<Example, 'analysis'> {
  readonly stretches: readonly Float32Array[];
}

export interface DescribeOptions extends ExampleOptions {
  /** Where the descriptions are kept. Empty it after a change to how sounds are made or described. */
  readonly cacheFolder: string;
  readonly onProgress?: (done: number) => void;
}

/**
 * Describes the stretches of every example of the recordings, or takes them from the cache of an
 * earlier run with the same recordings, seed and statistics.
 */
export async function describeExamples(
  recordings: readonly Recording[],
  { cacheFolder, onProgress, ...options }: DescribeOptions,
): Promise<Described[]> {
  const path = join(cacheFolder, `${keyOf(recordings, options)}.json`);
  const cached = await readFile(path, 'utf8').catch(() => null);
  if (cached !== null) return (JSON.parse(cached) as Stored[]).map(restore);
  const described: Described[] = [];
  for await (const { analysis, ...rest } of examples(recordings, options)) {
    const ranges = analysis ? stretches(analysis.active) : [];
    described.push({
      ...rest,
      stretches: ranges.map((range) => stretchStatistics(analysis!, range)),
    });
    onProgress?.(described.length);
  }
  await mkdir(cacheFolder, { recursive: true });
  await writeFile(path, JSON.stringify(described.map(store)));
  return described;
}

type Stored = Omit<Described, 'stretches'> & { readonly stretches: readonly string[] };

function store({ stretches: vectors, ...rest }: Described): Stored {
  const encode = (vector: Float32Array) => Buffer.from(vector.buffer).toString('base64');
  return { ...rest, stretches: vectors.map(encode) };
}

function restore({ stretches: texts, ...rest }: Stored): Described {
  const decode = (text: string) =>
    new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
  return { ...rest, stretches: texts.map(decode) };
}

function keyOf(recordings: readonly Recording[], options: ExampleOptions): string {
  const what = [options, recordings, STATISTIC_NAMES, FEATURE_CONFIG];
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 16);
}
