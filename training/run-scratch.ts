import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EMOTION_COUNT } from '../core/model/emotions.ts';
import { sha256 } from './corpus/extract.ts';
import { sharedCorpora } from './network/network-task.ts';
import { Plan } from './network/plan.ts';
import { prepare } from './network/prepare.ts';
import { NetworkRunner } from './network/runner.ts';
import { progressOn } from './terminal.ts';

const work = '/var/undertone-training';
const p = await prepare({
  data: '/work/shared/data',
  work,
  seed: 1,
  workers: 2,
  progress: progressOn(process.stderr),
  signal: new AbortController().signal,
});
const path = '/work/shared/data/weights/mn04_as_mAP_432.pt';
const plan = new Plan(p, {
  steps: Number(process.argv[2] ?? 3600),
  frozenBlocks: 0,
  protocolSteps: 2000,
  protocolFrozenBlocks: 3,
  learningRate: 1e-3,
  votes: Number(process.argv[3] ?? 0),
  init: { path, sha256: sha256(await readFile(path)) },
});
const runner = await NetworkRunner.start(sharedCorpora(p), {
  folder: join(work, 'fits'),
  workers: 2,
  signal: new AbortController().signal,
  onProgress: (f, q) =>
    console.log(
      new Date().toISOString().slice(11, 19),
      f.name,
      q.step,
      q.loss.toFixed(3),
      q.watched?.toFixed(3),
    ),
});
void EMOTION_COUNT;
const fits = [plan.everything(1), plan.everything(2)];
for (const f of fits)
  console.log(f.name, f.groups.map((g) => `${g.corpus}:${g.count}/${g.rows.length}`).join(' '));
await Promise.all(fits.map((f) => runner.fit(f)));
await runner.stop();
