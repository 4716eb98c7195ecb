import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../lib/root.ts';

export interface ServerProcess {
  readonly url: string;
  /** The folder in which it was started. */
  readonly folder: string;
  /** Returns the resident memory in MB; NaN where the system does not report it. */
  memory(): number;
  kill(): void;
}

/** Starts the server of `npm start` in a process of its own, without its drop folder. */
export async function startServer({ hasCloud = false } = {}): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-bench-'));
  const cli = join(ROOT, 'dist', 'cli', 'main.js');
  const options = ['--port', '0', '--no-inbox', ...(hasCloud ? [] : ['--no-cloud'])];
  const child = spawn(process.execPath, [cli, 'serve', ...options], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [, url] = await printed(child, /listening at (\S+)/);
  if (hasCloud) await printed(child, /The local cloud is up/);
  // Nobody reads on, and a full pipe would stop it.
  child.stdout?.resume();
  return {
    url,
    folder,
    memory: () => residentMegabytes(child.pid as number),
    kill() {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    },
  };
}

/** Reads the output of the server until it matches. */
function printed({ stdout }: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let output = '';
    const onData = (chunk: Buffer) => {
      output += chunk;
      const match = pattern.exec(output);
      if (!match) return;
      stdout?.off('data', onData);
      resolve(match);
    };
    stdout?.on('data', onData);
    stdout?.once('close', () => reject(new Error('The server ended before it was ready.')));
  });
}

function residentMegabytes(pid: number): number {
  try {
    const kilobytes =
      process.platform === 'linux'
        ? /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        : execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`]);
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return Number.NaN;
  }
}
