import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The product as it is built: `npm test` builds it first; the environment can name another build. */
const BUILD =
  process.env.UNDERTONE_BUILD ?? fileURLToPath(new URL('../../../dist/', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface BotProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<Ended>;
  /** What it has written to stderr so far. */
  readonly err: () => string;
  /** Resolves when what it printed matches; fails when it ends before. */
  printed(pattern: RegExp): Promise<void>;
}

/** Runs a program of the Discord bot, as a person would. */
export function startProgram(
  name: 'main' | 'register',
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): BotProcess {
  const env = { ...process.env, ...environment };
  const path = join(BUILD, 'bots/discord', `${name}.js`);
  const child = spawn(process.execPath, [path, ...args], { env });
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.err += text;
  });
  const exit = once(child, 'close').then(([code]) => ({ code, ...output }));
  const printed = async (pattern: RegExp) => {
    while (!pattern.test(output.out)) {
      const end = await Promise.race([once(child.stdout, 'data'), exit]);
      if ('code' in end) throw new Error(`It ended with ${end.code}: ${end.out}${end.err}`);
    }
  };
  return { child, exit, err: () => output.err, printed };
}
