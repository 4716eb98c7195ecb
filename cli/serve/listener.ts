import { extname } from 'node:path';
import { Piscina } from 'piscina';
import type { Outcome } from '../classify-file.ts';

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
  const pool = new Piscina({
    // Has the extension of this file, in the sources and in the build.
    filename: new URL(`../classify-file${extname(import.meta.url)}`, import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
  });
  return {
    classify: (file) => pool.run({ file, model }),
    close: () => pool.destroy(),
  };
}
