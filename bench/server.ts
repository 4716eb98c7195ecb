import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../lib/root.ts';

export interface ServerProcess {
  readonly url: string;
  /** Returns the resident memory in MB; NaN where the system does not report it. */
  memory(): number;
  kill(): void;
}

/** Starts the server of `npm start` in a process of its own, without drop folder and local cloud. */
export async function startServer(): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-bench-'));
  const cli = join(ROOT, 'dist', 'cli', 'main.js');
  const child = spawn(process.execPath, [cli, 'serve', '--port', '0', '--no-inbox', '--no-cloud'], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await listening(child);
  return {
    url,
    memory: () => residentMegabytes(child.pid as number),
    kill() {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    },
  };
}

async function listening({ stdout }: ChildProcess): Promise<string> {
  let output = '';
  for await (const chunk of stdout ?? []) {
    output += chunk;
    const match = /listening at (\S+)/.exec(output);
    if (match) return match[1];
  }
  throw new Error('The server ended before it was listening.');
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
