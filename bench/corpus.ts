import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCorpus } from '../training/corpus/load.ts';
import { table } from './measure.ts';

/** Decodes and describes every recording of a corpus once, without a cache. */
export async function benchCorpus(data: string): Promise<void> {
  const cacheFolder = await mkdtemp(join(tmpdir(), 'undertone-bench-'));
  try {
    const workers = availableParallelism();
    const start = performance.now();
    const { clips, durations } = await loadCorpus(data, { cacheFolder, workers });
    const elapsed = performance.now() - start;
    const hours = durations.reduce((sum, seconds) => sum + seconds, 0) / 3600;
    table(`${clips.length} recordings (${hours.toFixed(1)} h) on ${workers} cores`, [
      { name: 'decoded and described', median: elapsed },
    ]);
  } finally {
    await rm(cacheFolder, { recursive: true });
  }
}
