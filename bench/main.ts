/**
 * Speed of what users wait for, each beside something they would otherwise run.
 *
 *   npm run bench
 *   npm run bench -- --data <folder with RAVDESS>   also reads the whole corpus
 *   UNDERTONE_LOAD=5000 npm run bench               a longer run under load; 500 requests by default
 */
import { parseArgs } from 'node:util';
import { benchClassify } from './classify.ts';
import { benchColdStart } from './cold-start.ts';
import { benchCorpus } from './corpus.ts';
import { benchFeatures } from './features.ts';
import { benchLoad } from './load.ts';
import { benchNetwork } from './network.ts';
import { benchPage } from './page.ts';
import { benchScaling } from './scaling.ts';
import { benchTrees } from './trees.ts';

const { values } = parseArgs({ options: { data: { type: 'string' } } });
const data = values.data ?? process.env.UNDERTONE_DATA;

await benchClassify();
await benchColdStart();
await benchFeatures();
await benchNetwork();
await benchTrees();
await benchLoad();
await benchPage();
benchScaling();
if (data) await benchCorpus(data);
else console.log('\nReading a whole corpus: left out, no --data was given.');
