import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EMOTION_COUNT, EMOTIONS } from '../core/model/emotions.ts';
import { sha256 } from './corpus/extract.ts';
import { scoreWhere } from './network/evaluate.ts';
import { readResult } from './network/network-task.ts';
import { Plan } from './network/plan.ts';
import { predictClips } from './network/predict.ts';
import { prepare } from './network/prepare.ts';
import { keyOf } from './network/runner.ts';
import { progressOn } from './terminal.ts';

const work = '/var/undertone-training';
const p = await prepare({
  data: '/work/shared/data',
  work,
  seed: 1,
  workers: 1,
  progress: progressOn({ isTTY: false, write: () => true } as never),
  signal: new AbortController().signal,
});
const path = '/work/shared/data/weights/mn04_as_mAP_432.pt';
const plan = new Plan(p, {
  steps: 2000,
  learningRate: 1e-3,
  votes: 0.25,
  init: { path, sha256: sha256(await readFile(path)) },
});
for (const name of process.argv.slice(2)) {
  const corpus = p.corpora.find((c) => c.corpus.name === name)!;
  const f = join(work, 'fits', `${keyOf(plan.without(name, 1))}.network`);
  if (!existsSync(f)) {
    console.log('no', name);
    continue;
  }
  const { weights } = await readResult(f);
  const all = plan.anotherCorpusTest(corpus);
  const rows = all.filter((_, i) => i % 4 === 0);
  const { emotions } = await predictClips(weights, corpus.spectrograms, rows);
  const occ = new Set(rows.map((r) => corpus.labels[r]));
  const mean = new Float64Array(8);
  for (let i = 0; i < emotions.data.length; i++) mean[i % 8] += emotions.data[i] / rows.length;
  console.log(
    name,
    'mean',
    Array.from(mean)
      .map((m) => m.toFixed(2))
      .join(' '),
  );
  for (const a of [0, 0.5, 1, 1.5, 2]) {
    const data = emotions.data.map((q, i) =>
      occ.has(i % EMOTION_COUNT) ? q / mean[i % 8] ** a : 0,
    );
    const s = scoreWhere({ rows, probabilities: { ...emotions, data } }, corpus.labels)!;
    console.log(
      ' alpha',
      a,
      s.unweightedAverageRecall.toFixed(3),
      s.perClass
        .map((c, k) => (c.support ? `${EMOTIONS[k].slice(0, 3)} ${c.recall.toFixed(2)}` : ''))
        .join(' '),
    );
  }
}
