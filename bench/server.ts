import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ServerProcess {
  readonly url: string;
  /** Resident memory in MB; NaN where the system does not tell. */
  memory(): number;
  kill(): void;
}

/** Starts a server of its own, as `npm start` runs it, without drop folder and cloud. */
export async function startServer(): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-bench-'));
  const cli = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const args = [cli, 'serve', '--port', '0', '--no-inbox', '--no-cloud'];
  const env = { ...process.env, NO_COLOR: '1' };
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: [...stdio] });
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
  if (!stdout) throw new Error('The server has no output.');
  let output = '';
  for await (const chunk of stdout) {
    output += chunk;
    const match = /listening at (\S+)/.exec(output);
    if (match) return match[1];
  }
  throw new Error('The server ended before it was listening.');
}

function residentMegabytes(pid: number): number {
  try {
    if (process.platform === 'linux') {
      const [, kilobytes] =
        /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      return Math.round(Number(kilobytes) / 1024);
    }
    return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`])) / 1024);
  } catch {
    return Number.NaN;
  }
}
