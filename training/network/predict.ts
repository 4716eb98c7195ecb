import '../../core/model/telemetry.ts';
import { InferenceSession } from 'onnxruntime-node';
import { MEL_ROWS } from '../../core/analyze.ts';
import { AUDIOSET_MEL, FEATURE_CONFIG } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { WINDOW_ROWS } from '../../core/model/input.ts';
import { windowRanges, writeMelWindow } from '../../core/windows.ts';
import { type Matrix, zeros } from '../../evaluation/matrix.ts';
import { spectrogramOf } from './batches.ts';
import { EMOTION_OUTPUT, type Ensemble, exportEnsemble, VOICE_OUTPUT } from './export.ts';
import { feedsOf } from './graph-input.ts';
import type { Spectrograms } from './spectrogram-store.ts';
import { STEPS_PER_UNIT } from './spectrogram-task.ts';

/** Windows of one call: enough to amortise it, few enough to stay in the cache. */
export const WINDOW_BATCH = 16;
const { bands } = AUDIOSET_MEL;
const classes = EMOTION_COUNT;

/** What an ensemble says about clips. */
export interface ClipPredictions {
  /** Mean class probabilities over the windows of each clip, clips × classes, before any temperature. */
  readonly emotions: Matrix;
  /** Largest probability over the windows that somebody speaks. */
  readonly voices: Float32Array;
}

/**
 * Returns what an ensemble says about each clip, as serving computes it: windows at every hop, the last
 * of which ends where the clip ends.
 *
 * @param rows clip numbers
 */
export async function predictClips(
  ensemble: Ensemble,
  spectrograms: Spectrograms,
  rows: ArrayLike<number>,
  rendering = 0,
): Promise<ClipPredictions> {
  const session = await InferenceSession.create(exportEnsemble(ensemble, null), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const emotions = zeros(rows.length, classes);
  const voices = new Float32Array(rows.length);
  const counts = new Float32Array(rows.length);
  const predict = async (batch: readonly { row: number; window: Float32Array }[]) => {
    const results = await session.run(feedsOf(batch.map(({ window }) => window)));
    const values = results[EMOTION_OUTPUT].data as Float32Array;
    const voice = results[VOICE_OUTPUT].data as Float32Array;
    batch.forEach(({ row }, i) => {
      counts[row]++;
      voices[row] = Math.max(voices[row], voice[i]);
      for (let k = 0; k < classes; k++) emotions.data[row * classes + k] += values[i * classes + k];
    });
  };
  try {
    let batch: { row: number; window: Float32Array }[] = [];
    for (let row = 0; row < rows.length; row++) {
      for (const window of windowsOf(spectrograms, rows[row], rendering)) {
        batch.push({ row, window });
        if (batch.length < WINDOW_BATCH) continue;
        await predict(batch);
        batch = [];
      }
    }
    if (batch.length > 0) await predict(batch);
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

/** Returns the windows of a clip, WINDOW_ROWS × bands each; none of a rendering that is empty. */
export function windowsOf(
  spectrograms: Spectrograms,
  clip: number,
  rendering: number,
): Float32Array[] {
  const mel = spectrogramOf(spectrograms, clip, rendering);
  const rows = mel.length / bands;
  return windowRanges(rows / MEL_ROWS, FEATURE_CONFIG.networkWindow).map(({ from }) => {
    const window = new Float32Array(WINDOW_ROWS * bands);
    const steps = Math.min(WINDOW_ROWS, rows);
    writeMelWindow({ mel, bands, from: from * MEL_ROWS, steps }, WINDOW_ROWS, window);
    return window.map((value) => value / STEPS_PER_UNIT);
  });
}
