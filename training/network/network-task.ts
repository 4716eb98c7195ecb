import { readFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { type MessagePort, workerData } from 'node:worker_threads';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { argmaxRows } from '../../evaluation/matrix.ts';
import { classificationReport } from '../../evaluation/metrics.ts';
import { writeAtomically } from '../../lib/files.ts';
import type { NetworkWeights } from './architecture.ts';
import { type CurvePoint, fitNetwork, type NetworkRecipe } from './fit.ts';
import { predictClips } from './predict.ts';
import { type Prepared, type PreparedCorpus, SOUNDS } from './prepare.ts';
import type { Spectrograms } from './spectrogram-store.ts';
import { readWeights } from './weights-file.ts';

/** What every worker shares: the spectrograms of each corpus and what is known of each clip. */
export type SharedCorpora = Readonly<Record<string, SharedCorpus>>;
export interface SharedCorpus {
  readonly spectrograms: Spectrograms;
  /** Class of each clip; −1 where nobody speaks. */
  readonly labels: Int32Array;
  /** Shares of the votes of listeners, clips × classes; a row of zeros where there are none. */
  readonly votes: Float32Array | null;
}

/** Returns what every worker shares. */
export function sharedCorpora({ corpora, votes, sounds }: Prepared): SharedCorpora {
  return {
    ...Object.fromEntries(
      corpora.map((corpus) => [
        corpus.corpus.name,
        {
          spectrograms: corpus.spectrograms,
          labels: corpus.labels,
          votes: voteShares(corpus, votes),
        } satisfies SharedCorpus,
      ]),
    ),
    [SOUNDS]: {
      spectrograms: sounds.spectrograms,
      labels: new Int32Array(sounds.sounds.length).fill(-1),
      votes: null,
    },
  };
}

function voteShares({ clips }: PreparedCorpus, votes: Prepared['votes']): Float32Array | null {
  if (!clips.some(({ id }) => votes.has(id))) return null;
  const shares = new Float32Array(clips.length * EMOTION_COUNT);
  clips.forEach(({ id }, i) => {
    const counts = votes.get(id);
    const total = counts?.reduce((a, b) => a + b, 0) ?? 0;
    counts?.forEach((count, k) => {
      shares[i * EMOTION_COUNT + k] = count / Math.max(1, total);
    });
  });
  return shares;
}

/** Clips of a corpus by their numbers in it. */
export interface ClipSelection {
  readonly corpus: string;
  readonly rows: Int32Array;
}

export interface NetworkTask {
  readonly recipe: NetworkRecipe;
  readonly seed: number;
  /** What a batch is made of: so many clips of each selection. */
  readonly groups: readonly (ClipSelection & { readonly count: number })[];
  /** File of published weights to begin with. */
  readonly init: string | null;
  /** Files of the checkpoint and of the result. */
  readonly checkpoint: string;
  readonly result: string;
  /** Clips whose recall is shown while training. It decides nothing. */
  readonly watch: ClipSelection | null;
}

/** What a task leaves on disk. */
export interface NetworkResult {
  readonly weights: NetworkWeights;
  readonly curve: readonly CurvePoint[];
}

/** Steps between two checkpoints: a minute or two. */
const INTERVAL = 250;

export interface NetworkJob {
  readonly task: NetworkTask;
  /** Points of the curve go out; the first message that comes in stops the fit. */
  readonly port: MessagePort;
}

/** Fits a network and writes the result. This is the task of a thread. */
export default async function run({ task, port }: NetworkJob): Promise<void> {
  const stop = new AbortController();
  port.on('message', () => stop.abort());
  try {
    const result = await fit(task, port, stop.signal);
    await writeAtomically(task.result, serialize(result));
  } finally {
    port.close();
  }
}

async function fit(
  task: NetworkTask,
  port: MessagePort,
  signal: AbortSignal,
): Promise<NetworkResult> {
  const corpora: SharedCorpora = workerData[1] ?? workerData;
  const { recipe, seed, checkpoint, watch } = task;
  return fitNetwork({
    recipe,
    seed,
    checkpoint,
    signal,
    interval: INTERVAL,
    start: task.init ? await readWeights(task.init) : null,
    groups: task.groups.map(({ corpus, rows, count }) => {
      const { spectrograms, labels } = corpora[corpus];
      const isVoice = labels[rows[0]] >= 0;
      const occurs = (k: number) => rows.some((row) => labels[row] === k);
      const isPlain = isVoice && rows.every((row) => labels[row] === labels[rows[0]]);
      return {
        spectrograms,
        rows,
        count,
        targets: targetsOf(corpora[corpus], recipe.votes),
        isVoice,
        isPlain,
        // Plain speech could have had any emotion.
        classes: Uint8Array.from({ length: EMOTION_COUNT }, (_, k) =>
          !isVoice || isPlain || occurs(k) ? 1 : 0,
        ),
      };
    }),
    watch: async (weights) => {
      if (!watch) return null;
      const { spectrograms, labels } = corpora[watch.corpus];
      const alone = { networks: [weights], probes: [] };
      const { emotions } = await predictClips(alone, spectrograms, watch.rows);
      const expected = watch.rows.map((row) => labels[row]);
      const occurring = new Set(expected);
      const data = emotions.data.map((p, i) => (occurring.has(i % EMOTION_COUNT) ? p : 0));
      const predicted = argmaxRows({ ...emotions, data });
      return classificationReport(expected, predicted, EMOTION_COUNT).unweightedAverageRecall;
    },
    onProgress: (point) => port.postMessage(point),
  });
}

/**
 * Returns the class probabilities that every clip is trained towards, clips × classes: what its speaker
 * meant, mixed with what listeners named; where nobody speaks, every class alike.
 *
 * @param weight of the votes of listeners, 0 to 1
 */
export function targetsOf(
  { labels, votes }: Pick<SharedCorpus, 'labels' | 'votes'>,
  weight: number,
): Float32Array {
  const targets = new Float32Array(labels.length * EMOTION_COUNT);
  labels.forEach((label, i) => {
    const row = targets.subarray(i * EMOTION_COUNT, (i + 1) * EMOTION_COUNT);
    if (label < 0) {
      row.fill(1 / EMOTION_COUNT);
      return;
    }
    const named = votes?.subarray(i * EMOTION_COUNT, (i + 1) * EMOTION_COUNT);
    const share = named?.some((vote) => vote > 0) ? weight : 0;
    named?.forEach((vote, k) => {
      row[k] = share * vote;
    });
    row[label] += 1 - share;
  });
  return targets;
}

/** Returns what a finished task left. Throws when there is none. */
export async function readResult(path: string): Promise<NetworkResult> {
  return deserialize(await readFile(path));
}
