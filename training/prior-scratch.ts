import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EMOTION_COUNT, EMOTIONS } from '../core/model/emotions.ts';
import { chooseThreshold, coverageCurve } from './calibration.ts';
import { sha256 } from './corpus/extract.ts';
import { expectedCalibrationError } from './metrics.ts';
import { poolPredictions, scoreWhere } from './network/evaluate.ts';
import { readResult } from './network/network-task.ts';
import { Plan } from './network/plan.ts';
import { predictClips } from './network/predict.ts';
import { prepare } from './network/prepare.ts';
import { keyOf } from './network/runner.ts';
import { applyScaling, fitScaling } from './network/scaling.ts';
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
  steps: 3600,
  frozenBlocks: 0,
  protocolSteps: 2000,
  protocolFrozenBlocks: 3,
  learningRate: 1e-3,
  votes: 0,
  init: { path, sha256: sha256(await readFile(path)) },
});
const samples = [];
for (const corpus of plan.anotherCorpora()) {
  const f = join(work, 'fits', `${keyOf(plan.without(corpus.corpus.name, 1))}.network`);
  if (!existsSync(f)) continue;
  const { weights } = await readResult(f);
  const all = plan.anotherCorpusTest(corpus);
  const n = 900;
  const rows = Int32Array.from({ length: n }, (_, i) => all[Math.floor((i * all.length) / n)]);
  const { emotions } = await predictClips(weights, corpus.spectrograms, rows);
  samples.push({ corpus, rows, probabilities: emotions, y: rows.map((r) => corpus.labels[r]) });
}
const r = p.corpora[0];
const folds = [];
for (const [fold, { test }] of plan.folds().entries()) {
  const f = join(work, 'fits', `${keyOf(plan.fold(fold, 1))}.network`);
  if (!existsSync(f)) continue;
  const { weights } = await readResult(f);
  const { emotions } = await predictClips(weights, r.spectrograms, test);
  folds.push({ rows: test, probabilities: emotions });
}
for (const strength of [0, 0.5, 1]) {
  console.log('strength', strength);
  let sum = 0;
  for (const [k, s] of samples.entries()) {
    const others = samples.filter((_, j) => j !== k);
    const pool = poolPredictions(others).probabilities;
    const y = Int32Array.from(others.flatMap((o) => Array.from(o.y)));
    const sc = fitScaling(pool, y, strength);
    const th = chooseThreshold(applyScaling(pool, sc), y, 0.75);
    const own = applyScaling(s.probabilities, sc);
    const occ = new Set(s.y);
    const res = {
      rows: s.rows,
      probabilities: { ...own, data: own.data.map((q, i) => (occ.has(i % EMOTION_COUNT) ? q : 0)) },
    };
    const u = scoreWhere(res, s.corpus.labels)!;
    sum += u.unweightedAverageRecall;
    const c = coverageCurve(own, s.y, 0.01).find((q) => q.threshold >= th)!;
    console.log(
      ' ',
      s.corpus.corpus.name,
      'UAR',
      u.unweightedAverageRecall.toFixed(3),
      'acc',
      u.accuracy.toFixed(3),
      'ece',
      expectedCalibrationError(own, s.y).toFixed(3),
      'thr',
      th,
      'cov',
      c.coverage.toFixed(2),
      'right',
      c.accuracy.toFixed(2),
      u.perClass
        .map((q, j) => (q.support ? `${EMOTIONS[j].slice(0, 3)} ${q.recall.toFixed(2)}` : ''))
        .join(' '),
    );
  }
  const pool = poolPredictions(samples).probabilities;
  const y = Int32Array.from(samples.flatMap((o) => Array.from(o.y)));
  const sc = fitScaling(pool, y, strength);
  const all = poolPredictions(
    folds.map((f) => ({ rows: f.rows, probabilities: applyScaling(f.probabilities, sc) })),
  );
  const u = (f: (row: number) => boolean) =>
    scoreWhere(all, r.labels, f)?.unweightedAverageRecall.toFixed(3);
  console.log(
    '  mean',
    (sum / samples.length).toFixed(3),
    'T',
    sc.temperature.toFixed(2),
    'bias',
    sc.bias.map((b) => b.toFixed(2)).join(' '),
    'folds speech',
    u((x) => r.clips[x].channel === 'speech'),
    'song',
    u((x) => r.clips[x].channel === 'song'),
  );
}
