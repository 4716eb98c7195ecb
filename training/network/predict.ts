import '../../core/model/telemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { MEL_ROWS } from '../../core/analyze.ts';
import { AUDIOSET_MEL, FEATURE_CONFIG } from '../../core/features/config.ts';
import { windowRanges, writeMelWindow } from '../../core/windows.ts';
import { type Matrix, zeros } from '../../evaluation/matrix.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import type { NetworkWeights } from './architecture.ts';
import { spectrogramOf } from './batches.ts';
import { appendNetwork, WINDOW_ROWS } from './export.ts';
import type { Spectrograms } from './spectrogram-store.ts';
import { STEPS_PER_UNIT } from './spectrogram-task.ts';

/** Windows of one call: enough to amortise it, few enough to stay in the cache. */
const BATCH = 16;
const { bands } = AUDIOSET_MEL;

/** What a network says about clips. */
export interface ClipPredictions {
  /** Mean class probabilities over the windows of each clip, clips × classes, before any temperature. */
  readonly emotions: Matrix;
  /** Largest probability over the windows that somebody speaks. */
  readonly voices: Float32Array;
}

/**
 * Returns what a network says about each clip, as serving computes it: windows at every hop, the last
 * of which ends where the clip ends.
 *
 * @param rows clip numbers
 */
export async function predictClips(
  weights: NetworkWeights,
  spectrograms: Spectrograms,
  rows: ArrayLike<number>,
  rendering = 0,
): Promise<ClipPredictions> {
  const { classes } = weights;
  const { frames: size, hop } = FEATURE_CONFIG.networkWindow;
  const windows = Array.from(rows).flatMap((clip, row) => {
    const mel = spectrogramOf(spectrograms, clip, rendering);
    const ranges = windowRanges(mel.length / bands / MEL_ROWS, { frames: size, hop });
    return ranges.map(({ from }) => ({ mel, row, from: from * MEL_ROWS }));
  });
  const session = await openSession(weights);
  const emotions = zeros(rows.length, classes);
  const voices = new Float32Array(rows.length);
  const counts = new Float32Array(rows.length);
  try {
    for (let first = 0; first < windows.length; first += BATCH) {
      const batch = windows.slice(first, first + BATCH);
      const area = WINDOW_ROWS * bands;
      const x = new Float32Array(batch.length * area);
      batch.forEach(({ mel, from }, i) => {
        const steps = Math.min(WINDOW_ROWS, mel.length / bands);
        writeMelWindow({ mel, bands, from, steps }, WINDOW_ROWS, x, i * area);
      });
      for (let i = 0; i < x.length; i++) x[i] /= STEPS_PER_UNIT;
      const feeds = { x: new Tensor('float32', x, [batch.length, WINDOW_ROWS, bands]) };
      const { emotion, voice } = await session.run(feeds);
      const values = emotion.data as Float32Array;
      batch.forEach(({ row }, i) => {
        counts[row]++;
        voices[row] = Math.max(voices[row], (voice.data as Float32Array)[i]);
        for (let k = 0; k < classes; k++)
          emotions.data[row * classes + k] += values[i * classes + k];
      });
    }
  } finally {
    await session.release();
  }
  // What left nothing but silence gets no vote: every class is as likely.
  for (let i = 0; i < emotions.data.length; i++) {
    const count = counts[Math.floor(i / classes)];
    emotions.data[i] = count > 0 ? emotions.data[i] / count : 1 / classes;
  }
  return { emotions, voices };
}

async function openSession(weights: NetworkWeights): Promise<InferenceSession> {
  const graph = new GraphBuilder('network');
  const windows = graph.input('x', ['n', WINDOW_ROWS, bands]);
  const { emotion, voice } = appendNetwork(graph, windows, weights);
  graph.output(emotion, 'emotion', ['n', weights.classes]);
  graph.output(voice, 'voice', ['n']);
  return InferenceSession.create(graph.toBytes(), { intraOpNumThreads: 1, interOpNumThreads: 1 });
}
