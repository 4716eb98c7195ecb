import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import type { SharedCorpora, SharedCorpus } from './network-task.ts';
import { SOUNDS } from './plan.ts';
import type { Prepared, PreparedCorpus } from './prepare.ts';

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
