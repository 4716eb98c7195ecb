import { lockFolder as lock } from '../lib/files.ts';

export { ensureFolder } from '../lib/files.ts';

/** Reserves the folder of intermediate results for this run. */
export function lockFolder(folder: string): Promise<() => Promise<void>> {
  return lock(folder, '--work');
}
