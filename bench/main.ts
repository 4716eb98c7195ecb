/**
 * Benchmarks of what users wait for, each next to an alternative.
 *
 *   npm run bench
 *   npm run bench -- live features                  only some of them
 *   npm run bench -- --data <folder with RAVDESS>   also loads the whole corpus
 *   UNDERTONE_LOAD=5000 npm run bench -- load       a longer run under load (500 requests by default)
 *   UNDERTONE_LABELS=50000 npm run bench -- labels   fewer labels (a million by default); needs DuckDB
 *   UNDERTONE_LIVE=3600 npm run bench -- live       a longer live stream (300 seconds by default)
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { benchDiscord, benchSlack } from './chat.ts';
import { benchClassify, benchEvaluate, benchFeatures, benchStages } from './classify.ts';
import { benchColdStart } from './cold-start.ts';
import { benchDisturbances } from './disturbances.ts';
import { benchIntake } from './intake.ts';
import { benchLabels } from './labels.ts';
import { benchLive } from './live.ts';
import { benchLoad } from './load.ts';
import { benchPage } from './page.ts';
import { benchScaling } from './scaling.ts';
import { benchShards } from './shards.ts';
import { benchCorpus, benchNetwork, benchTrees } from './training.ts';

const { values, positionals } = parseArgs({
  options: { data: { type: 'string' } },
  allowPositionals: true,
});
const data = values.data ?? process.env.UNDERTONE_DATA;

const skipped = (what: string) =>
  console.log(`\nSkipped ${what}: give the folder of the corpora with --data.`);

const benchmarks: Record<string, () => unknown> = {
  classify: benchClassify,
  stages: benchStages,
  evaluate: benchEvaluate,
  'cold-start': benchColdStart,
  features: benchFeatures,
  network: benchNetwork,
  trees: benchTrees,
  load: benchLoad,
  intake: benchIntake,
  live: benchLive,
  page: benchPage,
  discord: benchDiscord,
  slack: benchSlack,
  shards: benchShards,
  scaling: benchScaling,
  labels: benchLabels,
  corpus: () => (data ? benchCorpus(data) : skipped('the corpus')),
  disturbances: () => (data ? benchDisturbances(data) : skipped('the disturbances')),
};

const names = Object.keys(benchmarks);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`Unknown benchmark: ${unknown.join(', ')}. Choose from ${names.join(', ')}.`);
  process.exit(2);
}
const chosen = positionals.length > 0 ? positionals : names;
if (chosen.length === 1) {
  await benchmarks[chosen[0]]();
} else {
  // Each in its own process, so that none is measured with the memory of another.
  for (const name of chosen) {
    const args = [process.argv[1], name, ...(data ? ['--data', data] : [])];
    const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
