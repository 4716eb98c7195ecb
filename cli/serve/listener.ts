import { ThreadPool } from '../../lib/threads.ts';
import type { ClassifyTask, Outcome } from '../classify-file.ts';

/** Classifies files without holding up the server. */
export interface Listener {
  classify(path: string): Promise<Outcome>;
  close(): Promise<void>;
}

/**
 * Starts a thread of its own for the drop folder: five minutes of audio take seconds of computing.
 *
 * @param model folder of the model to ask instead of the shipped one
 */
export function startListener(model?: string): Listener {
  const pool = new ThreadPool<ClassifyTask, Outcome>('../classify-file', import.meta.url, {
    threads: 1,
  });
  return {
    classify: (file) => pool.run({ file, model }),
    close: () => pool.close(),
  };
}
