/**
 * Speed of what users wait for, each beside something they would otherwise run.
 *
 *   npm run bench
 *   npm run bench -- live                           only some, by the names of their files
 *   npm run bench -- --data <folder with RAVDESS>   also reads the whole corpus
 *   UNDERTONE_LOAD=5000 npm run bench               a longer run under load; 500 requests by default
 *   UNDERTONE_LIVE=3600 npm run bench -- live       a longer live stream; 300 seconds by default
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { benchDiscord } from './chat/discord.ts';
import { benchSlack } from './chat/slack.ts';
import { benchClassify } from './classify.ts';
import { benchColdStart } from './cold-start.ts';
import { benchCorpus } from './corpus.ts';
import { benchFeatures } from './features.ts';
import { benchLive } from './live.ts';
import { benchLoad } from './load.ts';
import { benchNetwork } from './network.ts';
import { benchPage } from './page.ts';
import { benchScaling } from './scaling.ts';
import { benchTrees } from './trees.ts';

const { values, positionals } = parseArgs({
  options: { data: { type: 'string' } },
  allowPositionals: true,
});
const data = values.data ?? process.env.UNDERTONE_DATA;

const benchmarks: Record<string, () => unknown> = {
  classify: benchClassify,
  'cold-start': benchColdStart,
  features: benchFeatures,
  network: benchNetwork,
  trees: benchTrees,
  load: benchLoad,
  live: benchLive,
  page: benchPage,
  discord: benchDiscord,
  slack: benchSlack,
  scaling: benchScaling,
  corpus: () =>
    data
      ? benchCorpus(data)
      : console.log('\nReading a whole corpus: left out, no --data was given.'),
};

const names = Object.keys(benchmarks);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}.`);
  process.exit(2);
}
const chosen = positionals.length > 0 ? positionals : names;
if (chosen.length === 1) {
  await benchmarks[chosen[0]]();
} else {
  // Each in a process of its own: what one leaves in memory must not be measured with the next.
  for (const name of chosen) {
    const args = [process.argv[1], name, ...(data ? ['--data', data] : [])];
    const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
