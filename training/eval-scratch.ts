import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EMOTION_COUNT, EMOTIONS } from '../core/model/emotions.ts';
import { calibrate, coverageCurve, fitTemperature, withTemperature } from './calibration.ts';
import { sha256 } from './corpus/extract.ts';
import { argmaxRows } from './matrix.ts';
import { expectedCalibrationError } from './metrics.ts';
import { averagePredictions, poolPredictions, scoreWhere } from './network/evaluate.ts';
import { readResult } from './network/network-task.ts';
import { Plan } from './network/plan.ts';
import { predictClips } from './network/predict.ts';
import { prepare } from './network/prepare.ts';
import { keyOf } from './network/runner.ts';
import { progressOn } from './terminal.ts';

const work = '/var/undertone-training';
const steps = Number(process.argv[2] ?? 2500);
const which = process.argv.slice(3);
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
  steps,
  learningRate: 1e-3,
  votes: 0.25,
  init: { path, sha256: sha256(await readFile(path)) },
});
const get = async (fit: ReturnType<Plan['fold']>) => {
  const f = join(work, 'fits', `${keyOf(fit)}.network`);
  return existsSync(f) ? (await readResult(f)).weights : null;
};
const report = (name: string, probs: any, y: Int32Array) => {
  const t = fitTemperature(probs, y);
  const c = withTemperature(probs, t);
  const curve = coverageCurve(c, y, 0.05).filter((q) =>
    [0.4, 0.5, 0.6, 0.7, 0.8].includes(q.threshold),
  );
  console.log(
    `  ${name}: T ${t.toFixed(2)} ece(T) ${expectedCalibrationError(c, y).toFixed(3)} ` +
      curve
        .map(
          (q) =>
            `≥${q.threshold}: ${(100 * q.coverage).toFixed(0)}%/${(100 * q.accuracy).toFixed(0)}%`,
        )
        .join(' '),
  );
};
const pooled: any[] = [];
for (const corpus of plan.anotherCorpora()) {
  const name = corpus.corpus.name;
  if (which.length && !which.includes(name)) continue;
  const nets = [];
  for (const seed of [1, 2, 3]) {
    const w = await get(plan.without(name, seed));
    if (w) nets.push(w);
  }
  if (!nets.length) continue;
  const rows = plan.anotherCorpusTest(corpus);
  const preds = [];
  for (const w of nets)
    preds.push({
      rows,
      probabilities: (await predictClips(w, corpus.spectrograms, rows)).emotions,
    });
  const avg = averagePredictions(preds);
  const y = rows.map((r) => corpus.labels[r]);
  const occ = new Set(y);
  const restricted = {
    rows,
    probabilities: {
      ...avg.probabilities,
      data: avg.probabilities.data.map((q, i) => (occ.has(i % EMOTION_COUNT) ? q : 0)),
    },
  };
  const s = scoreWhere(restricted, corpus.labels)!;
  console.log(
    `without ${name} (${nets.length}): UAR ${s.unweightedAverageRecall.toFixed(3)} acc ${s.accuracy.toFixed(3)} recalls ${s.perClass.map((c, k) => (c.support ? `${EMOTIONS[k].slice(0, 3)} ${c.recall.toFixed(2)}` : '')).join(' ')}`,
  );
  const said = argmaxRows(avg.probabilities);
  console.log(
    '  says ' +
      EMOTIONS.map(
        (e, k) =>
          `${e.slice(0, 3)} ${(said.filter((v) => v === k).length / said.length).toFixed(2)}`,
      ).join(' '),
  );
  report(name, avg.probabilities, y);
  const n = 1200;
  const kept = Int32Array.from({ length: n }, (_, i) => Math.floor((i * rows.length) / n));
  pooled.push({
    rows: kept.map((i) => rows[i]),
    y: kept.map((i) => y[i]),
    probabilities: {
      rows: n,
      columns: EMOTION_COUNT,
      data: Float32Array.from(
        Array.from(kept).flatMap((i) =>
          Array.from(avg.probabilities.data.subarray(i * 8, i * 8 + 8)),
        ),
      ),
    },
  });
}
if (pooled.length > 1) {
  const all = poolPredictions(pooled).probabilities;
  const y = Int32Array.from(pooled.flatMap((q) => Array.from(q.y as Int32Array)));
  const fold = Int32Array.from(pooled.flatMap((q, k) => new Array(q.y.length).fill(k)));
  report('pooled', all, y);
  const c = calibrate(all, y, fold, 0.75);
  console.log(
    '  cross-fitted 0.75: T',
    c.temperature.toFixed(2),
    'threshold',
    c.threshold,
    'coverage',
    c.coverage.toFixed(3),
    'right',
    c.accuracy.toFixed(3),
    'ece',
    expectedCalibrationError(c.probabilities, y).toFixed(3),
  );
}
const r = p.corpora[0];
const isSpeech = (row: number) => r.clips[row].channel === 'speech';
const parts = [];
for (const [fold, { test }] of plan.folds().entries()) {
  if (which.length && !which.includes('folds')) break;
  const nets = [];
  for (const seed of [1, 2, 3]) {
    const w = await get(plan.fold(fold, seed));
    if (w) nets.push(w);
  }
  if (!nets.length) continue;
  const preds = [];
  for (const w of nets)
    preds.push({
      rows: test,
      probabilities: (await predictClips(w, r.spectrograms, test)).emotions,
    });
  const avg = averagePredictions(preds);
  parts.push(avg);
  const u = (f: (row: number) => boolean) =>
    scoreWhere(avg, r.labels, f)?.unweightedAverageRecall.toFixed(3);
  console.log(
    `fold ${fold + 1} (${nets.length}): speech ${u(isSpeech)} song ${u((x) => !isSpeech(x))} women ${u((x) => isSpeech(x) && r.clips[x].gender === 'female')} men ${u((x) => isSpeech(x) && r.clips[x].gender === 'male')}`,
  );
}
if (parts.length) {
  const all = poolPredictions(parts);
  const u = (f: (row: number) => boolean) =>
    scoreWhere(all, r.labels, f)?.unweightedAverageRecall.toFixed(3);
  console.log(
    `folds ${parts.length}: speech ${u(isSpeech)} song ${u((x) => !isSpeech(x))} women ${u((x) => isSpeech(x) && r.clips[x].gender === 'female')} men ${u((x) => isSpeech(x) && r.clips[x].gender === 'male')}`,
  );
}
