import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../lib/root.ts';
import type { Timing } from './measure.ts';

const run = promisify(execFile);

/** Debian's, which has scikit-learn as a package. */
const PYTHON = '/usr/bin/python3';
const SCRIPT = join(ROOT, 'bench', 'reference.py');

/** What bench/reference.py measures, in milliseconds. */
export type Measured = Omit<Required<Timing>, 'name'>;

/** Whether the Python side can run; says how to get it where it cannot. */
export const hasPython: boolean = (() => {
  try {
    execFileSync(PYTHON, ['-c', 'import scipy.fft, sklearn'], { stdio: 'ignore' });
    return existsSync(SCRIPT);
  } catch {
    console.log('Skipped what Python takes. Debian: apt install python3-scipy python3-sklearn.');
    return false;
  }
})();

/** Runs bench/reference.py and returns what it prints. */
export async function reference<Result = Measured>(...args: readonly string[]): Promise<Result> {
  const { stdout } = await run(PYTHON, [SCRIPT, ...args], { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout);
}
