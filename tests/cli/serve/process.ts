import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The product as it is built: `npm test` builds it first; the environment can name another build. */
export const BUILD =
  process.env.UNDERTONE_BUILD ?? fileURLToPath(new URL('../../../dist/', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface ServeProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<Ended>;
  /** Resolves when the output matches; fails when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

/** The file that the command `undertone` runs. */
export const MAIN = join(BUILD, 'cli/main.js');

/** Runs `undertone serve` in a folder, as a person would. */
export function startServe(
  cwd: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): ServeProcess {
  return startProcess([process.execPath, MAIN, 'serve', ...args], cwd, environment);
}

/** Runs a program in a folder and reads along. */
export function startProcess(
  [program, ...args]: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv,
): ServeProcess {
  const env = { ...process.env, NO_COLOR: '1', ...environment };
  const child = spawn(program, args, { cwd, env });
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.err += text;
  });
  const exit = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }));
  const printed = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(output.out);
      if (match) return match;
      const end = await Promise.race([once(child.stdout, 'data'), exit]);
      if ('code' in end) throw new Error(`It ended with ${end.code}: ${end.out}${end.err}`);
    }
  };
  return { child, exit, printed };
}

/** Returns the environment that the local cloud in a folder gives to AWS clients. */
export async function cloudEnvironment(folder: string): Promise<Record<string, string>> {
  const text = await readFile(join(folder, 'env'), 'utf8');
  const lines = text.matchAll(/^export (\w+)='(.*)'$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}
