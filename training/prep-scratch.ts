import { prepare } from './network/prepare.ts';
import { progressOn } from './terminal.ts';

const p = await prepare({
  data: '/work/shared/data',
  work: '/var/undertone-training',
  seed: 1,
  workers: 2,
  progress: progressOn(process.stderr),
  signal: new AbortController().signal,
});
for (const c of p.corpora)
  console.log(
    c.corpus.title,
    c.clips.length,
    c.exclusions.map((e) => `${e.id}: ${e.reason}`),
  );
