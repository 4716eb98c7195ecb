import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Results } from '../../../training/baselines/results.ts';

/** The build that `npm test` makes first; the environment can name another one. */
export const BUILD =
  process.env.UNDERTONE_BUILD ?? fileURLToPath(new URL('../../../dist', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when standard error has matched; rejects when the program ends without it. */
  readonly printed: (pattern: RegExp) => Promise<void>;
}

/** Starts the training of the baselines as a user would, in a folder: relative paths lie there. */
export function startTraining(cwd: string, args: readonly string[]): Running {
  return startProgram('training/baselines/main.js', cwd, args);
}

/** Starts a program of the build in a folder. */
export function startProgram(
  program: string,
  cwd: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Running {
  const { UNDERTONE_DATA: _, ...inherited } = process.env;
  const env = { ...inherited, ...environment };
  const child = spawn(process.execPath, [join(BUILD, program), ...args], { cwd, env });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  const finished = once(child, 'close').then(([code]) => ({ code, out, err }));
  const printed = async (pattern: RegExp) => {
    while (!pattern.test(err)) {
      const end = await Promise.race([once(child.stderr, 'data'), finished]);
      if ('code' in end) throw new Error(`It ended with ${end.code}: ${out}${err}`);
    }
  };
  return { child, finished, printed };
}

/** Trains to the end; `run` is what this run writes to: its model, figures and finished steps. */
export async function trainIn(
  cwd: string,
  run: string,
  args: readonly string[],
): Promise<Finished & { readonly model: Buffer; readonly results: Results }> {
  const done = await startTraining(cwd, [...foldersOf(run), ...args]).finished;
  if (done.code !== 0) throw new Error(`It ended with ${done.code}: ${done.out}${done.err}`);
  const results = JSON.parse(await readFile(join(cwd, run, 'report/results.json'), 'utf8'));
  return { ...done, model: await readFile(join(cwd, run, 'model/emotion.onnx')), results };
}

/** The options that name everything a run writes to, below one folder. */
export function foldersOf(run: string): string[] {
  return ['--out', `${run}/model`, '--report', `${run}/report`, '--work', `${run}/work`];
}
