import '../../core/model/telemetry.ts';
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { decode } from '../../core/audio/decode.ts';
import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import type { ModelInput } from '../../core/model/input.ts';
import { INPUT_NAME, OUTPUT_NAME } from '../onnx/export.ts';
import { type Ensemble, exportEnsemble, LOG_MEL_INPUT } from './export.ts';
import type { PreparedCorpus } from './prepare.ts';
import type { NetworkResults } from './results.ts';
import {
  type Listener,
  measureTimelines,
  scoreTimelines,
  type TimelineCounts,
} from './timeline-evaluation.ts';

const SEED = 1;
const NOTES_PER_SPEAKER = 4;

/** What hears the test actors of one fold, and their clips. */
export interface TimelineFold {
  readonly ensemble: Ensemble;
  readonly rows: Int32Array;
}

/** Joins the clips of each fold's actors to long notes and hears them with that fold's networks. */
export async function measureTimeline(
  folds: readonly TimelineFold[],
  { clips }: PreparedCorpus,
  temperature: number,
): Promise<NetworkResults['timeline']> {
  const counts: TimelineCounts[] = [];
  for (const { ensemble, rows } of folds) {
    const spoken = [];
    for (const row of rows) {
      const { path, speaker, emotion } = clips[row];
      spoken.push({ samples: (await decode(await readFile(path))).samples, speaker, emotion });
    }
    const session = await InferenceSession.create(exportEnsemble(ensemble, temperature), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    const options = { seed: SEED, notesPerSpeaker: NOTES_PER_SPEAKER };
    counts.push(await measureTimelines(spoken, listenerOf(session), options));
    await session.release();
  }
  return scoreTimelines(counts);
}

function listenerOf(session: InferenceSession): Listener {
  const { networkWindow, logMel } = FEATURE_CONFIG;
  const predict = async ([window, vector]: ModelInput): Promise<Float64Array> => {
    const feeds = {
      [LOG_MEL_INPUT]: new Tensor('float32', window, [1, networkWindow.frames, logMel.bands]),
      [INPUT_NAME]: new Tensor('float32', vector, [1, vector.length]),
    };
    const results = await session.run(feeds, [OUTPUT_NAME]);
    const values = results[OUTPUT_NAME].data as Float32Array;
    return Float64Array.from(values.subarray(0, EMOTION_COUNT));
  };
  return {
    card: { inputs: [{ kind: 'log-mel' }, { kind: 'functionals' }] },
    predict: async (windows) => {
      const rows: Float64Array[] = [];
      for (const window of windows) rows.push(await predict(window));
      return rows;
    },
  };
}
