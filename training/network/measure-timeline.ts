import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { decode } from '../../core/audio/decode.ts';
import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import type { ModelInput } from '../../core/model/input.ts';
import { OUTPUT_NAME } from '../pipeline/export.ts';
import { exportNetworks, LOG_MEL_INPUT } from './export.ts';
import type { NetworkResult } from './network-task.ts';
import type { NetworkResults } from './results.ts';
import {
  type Listener,
  measureTimelines,
  scoreTimelines,
  type TimelineCounts,
} from './timeline-evaluation.ts';
import type { PreparedCorpus } from './train.ts';

const SEED = 1;
const NOTES_PER_SPEAKER = 4;

/** The networks and the clips of the test actors of one fold. */
export interface TimelineFold {
  readonly networks: readonly NetworkResult[];
  readonly rows: Int32Array;
}

/** Joins the clips of each fold's actors to long notes and hears them with that fold's networks. */
export async function measureTimeline(
  folds: readonly TimelineFold[],
  { clips }: PreparedCorpus,
  temperature: number,
): Promise<NetworkResults['timeline']> {
  const counts: TimelineCounts[] = [];
  for (const { networks, rows } of folds) {
    const spoken = [];
    for (const row of rows) {
      const { path, speaker, emotion } = clips[row];
      spoken.push({ samples: (await decode(await readFile(path))).samples, speaker, emotion });
    }
    const session = await InferenceSession.create(exportNetworks(networks, temperature), {
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
  const predict = async ([window]: ModelInput): Promise<Float64Array> => {
    const feeds = {
      [LOG_MEL_INPUT]: new Tensor('float32', window, [1, networkWindow.frames, logMel.bands]),
    };
    const results = await session.run(feeds, [OUTPUT_NAME]);
    const values = results[OUTPUT_NAME].data as Float32Array;
    return Float64Array.from(values.subarray(0, EMOTION_COUNT));
  };
  return {
    card: { inputs: [{ kind: 'log-mel' }] },
    predict: async (windows) => {
      const rows: Float64Array[] = [];
      for (const window of windows) rows.push(await predict(window));
      return rows;
    },
  };
}
