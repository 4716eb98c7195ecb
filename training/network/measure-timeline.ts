import '../../core/model/telemetry.ts';
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { AUDIOSET_MEL } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { decode } from '../../core/node/decode.ts';
import { EMOTION_OUTPUT, type Ensemble, exportEnsemble, MEL_INPUT, WINDOW_ROWS } from './export.ts';
import type { PreparedCorpus } from './prepare.ts';
import type { NetworkResults } from './results.ts';
import type { Scaling } from './scaling.ts';
import {
  type Listener,
  measureTimelines,
  scoreTimelines,
  type TimelineCounts,
} from './timeline-evaluation.ts';

const SEED = 1;
const NOTES_PER_SPEAKER = 4;

/** What classifies the test actors of one fold, and their clips. */
export interface TimelineFold {
  readonly ensemble: Ensemble;
  readonly rows: Int32Array;
}

/** Joins the clips of each fold's actors to long notes and classifies them with that fold's ensemble. */
export async function measureTimeline(
  folds: readonly TimelineFold[],
  { clips }: PreparedCorpus,
  scaling: Scaling,
): Promise<NetworkResults['timeline']> {
  const counts: TimelineCounts[] = [];
  for (const { ensemble, rows } of folds) {
    const spoken = [];
    for (const row of rows) {
      const { path, speaker, emotion } = clips[row];
      spoken.push({ samples: (await decode(await readFile(path))).samples, speaker, emotion });
    }
    const session = await InferenceSession.create(exportEnsemble(ensemble, scaling), {
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
  return {
    card: { inputs: [{ kind: 'mel' }] },
    predict: async (windows) => {
      const predictions = [];
      for (const [window] of windows) {
        const feeds = {
          [MEL_INPUT]: new Tensor('float32', window, [1, WINDOW_ROWS, AUDIOSET_MEL.bands]),
        };
        const results = await session.run(feeds, [EMOTION_OUTPUT]);
        const values = results[EMOTION_OUTPUT].data as Float32Array;
        const probabilities = Float64Array.from(values.subarray(0, EMOTION_COUNT));
        predictions.push({ probabilities, isVoice: true });
      }
      return predictions;
    },
  };
}
