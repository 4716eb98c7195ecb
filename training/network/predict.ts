import '../../core/model/telemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { writeLogMelWindow } from '../../core/features/log-mel-window.ts';
import { windowRanges } from '../../core/windows.ts';
import { type Matrix, zeros } from '../matrix.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { spectrogramOf } from './batches.ts';
import { appendMember, type Member } from './member-graph.ts';
import type { Spectrograms } from './spectrogram-store.ts';
import { STEPS_PER_DB } from './spectrogram-task.ts';

/** Windows of one call: enough to amortise it, few enough to stay in the cache. */
const BATCH = 16;

/**
 * Returns the mean class probabilities over the windows of each clip, as serving computes them:
 * windows at every hop, the last of which ends where the clip ends.
 *
 * @param rows clip numbers
 * @returns clips × classes, before any temperature
 */
export async function predictClips(
  member: Member,
  spectrograms: Spectrograms,
  rows: ArrayLike<number>,
  rendering = 0,
): Promise<Matrix> {
  const { steps, bands, classes } = member.weights.shape;
  const windows = Array.from(rows).flatMap((clip, row) => {
    const logMel = spectrogramOf(spectrograms, clip, rendering);
    const { hop } = FEATURE_CONFIG.networkWindow;
    const ranges = windowRanges(logMel.length / bands, { frames: steps, hop });
    return ranges.map(({ from }) => ({ logMel, row, from }));
  });
  const session = await openSession(member);
  const sums = zeros(rows.length, classes);
  const counts = new Float32Array(rows.length);
  try {
    for (let first = 0; first < windows.length; first += BATCH) {
      const batch = windows.slice(first, first + BATCH);
      const x = new Float32Array(batch.length * steps * bands);
      batch.forEach(({ logMel, from }, i) => {
        const excerpt = { logMel, bands, from, steps: Math.min(steps, logMel.length / bands) };
        writeLogMelWindow(excerpt, steps, x, i * steps * bands);
      });
      for (let i = 0; i < x.length; i++) x[i] /= STEPS_PER_DB;
      const feeds = { x: new Tensor('float32', x, [batch.length, steps, bands]) };
      const { probabilities } = await session.run(feeds);
      const values = probabilities.data as Float32Array;
      batch.forEach(({ row }, i) => {
        counts[row]++;
        for (let k = 0; k < classes; k++) sums.data[row * classes + k] += values[i * classes + k];
      });
    }
  } finally {
    await session.release();
  }
  // What left nothing to be heard gets no vote: every class is as likely.
  for (let i = 0; i < sums.data.length; i++) {
    const count = counts[Math.floor(i / classes)];
    sums.data[i] = count > 0 ? sums.data[i] / count : 1 / classes;
  }
  return sums;
}

async function openSession(member: Member): Promise<InferenceSession> {
  const { steps, bands, classes } = member.weights.shape;
  const graph = new GraphBuilder('network');
  const windows = graph.input('x', ['n', steps, bands]);
  graph.output(appendMember(graph, windows, member), 'probabilities', ['n', classes]);
  return InferenceSession.create(graph.toBytes(), { intraOpNumThreads: 1, interOpNumThreads: 1 });
}
