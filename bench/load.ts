import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Requests that come in the same moment. */
const RUSH = 200;
/** Requests of the long run, unless UNDERTONE_LOAD says otherwise. */
const STEADY = 500;
/** Requests that the long run has under way at a time. */
const IN_FLIGHT = 2;
/** Growth from the second quarter of the long run to the last one that still counts as flat. */
const FLAT = 1.1;

/**
 * One server, as `npm start` runs it, under load: a rush of requests in the same moment, and then a long
 * run during which its memory must not grow. All of them send the same voice note of four seconds.
 */
export async function benchLoad(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-load-'));
  const server = startServer(folder);
  try {
    const url = `${await listening(server)}/v1/emotion`;
    const note = readFileSync(fileURLToPath(new URL('../../samples/plain.ogg', import.meta.url)));
    await send(url, note);
    await rush(url, note);
    await longRun(url, note, server.pid as number);
  } finally {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

function startServer(cwd: string): ChildProcess {
  const cli = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const args = [cli, 'serve', '--port', '0', '--no-inbox', '--no-cloud'];
  const env = { ...process.env, NO_COLOR: '1' };
  return spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
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

interface Answer {
  /** HTTP status, or what the connection failed with. */
  readonly outcome: number | string;
  readonly milliseconds: number;
}

async function send(url: string, body: Uint8Array<ArrayBuffer>): Promise<Answer> {
  const start = performance.now();
  const outcome = await fetch(url, { method: 'POST', body }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    (error: Error) => (error.cause as NodeJS.ErrnoException)?.code ?? error.message,
  );
  return { outcome, milliseconds: performance.now() - start };
}

async function rush(url: string, note: Uint8Array<ArrayBuffer>): Promise<void> {
  const start = performance.now();
  const answers = await Promise.all(Array.from({ length: RUSH }, () => send(url, note)));
  const seconds = (performance.now() - start) / 1000;
  console.log(`\n${RUSH} requests in the same moment, one server`);
  console.log(`  ${counted(answers)}`);
  console.log(`  ${latencies(answers)}, ${(RUSH / seconds).toFixed(1)} a second`);
}

async function longRun(url: string, note: Uint8Array<ArrayBuffer>, pid: number): Promise<void> {
  const total = Math.max(4, Number(process.env.UNDERTONE_LOAD ?? STEADY));
  const answers: Answer[] = [];
  const memory: number[] = [residentMegabytes(pid)];
  let begun = 0;
  const client = async () => {
    while (begun < total) {
      begun++;
      answers.push(await send(url, note));
      memory.push(residentMegabytes(pid));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  const half = memory[Math.floor(total / 2)];
  const [start, end] = [memory[0], memory[total]];
  const growth = mean(quarter(memory, 4)) / mean(quarter(memory, 2));
  console.log(`\n${total} requests, ${IN_FLIGHT} at a time, resident memory of the server`);
  console.log(`  ${counted(answers)}`);
  console.log(`  ${latencies(answers)}`);
  console.log(
    `  start ${start} MB, half ${half} MB, end ${end} MB, most ${Math.max(...memory)} MB`,
  );
  const percent = ((growth - 1) * 100).toFixed(1);
  console.log(
    `  last quarter against the second one: ${percent} %, ${growth <= FLAT ? 'flat' : 'NOT FLAT'}`,
  );
}

/** Returns the n-th quarter of a list, from 1 on. */
function quarter(values: readonly number[], n: number): number[] {
  return values.slice(
    Math.floor(((n - 1) * values.length) / 4),
    Math.floor((n * values.length) / 4),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function counted(answers: readonly Answer[]): string {
  const share = (isSo: (outcome: Answer['outcome']) => boolean) =>
    answers.filter(({ outcome }) => isSo(outcome)).length;
  const others = answers.map(({ outcome }) => outcome).filter((o) => ![200, 429, 503].includes(+o));
  const named = others.length > 0 ? ` (${[...new Set(others)].join(', ')})` : '';
  return `answered ${share((o) => o === 200)}, 429 ${share((o) => o === 429)}, 503 ${share((o) => o === 503)}, errors ${others.length}${named}`;
}

function latencies(answers: readonly Answer[]): string {
  const times = answers
    .filter(({ outcome }) => outcome === 200)
    .map(({ milliseconds }) => milliseconds)
    .sort((a, b) => a - b);
  if (times.length === 0) return 'no verdict at all';
  const at = (share: number) =>
    `${Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))])} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}`;
}

/** Resident memory of a process in MB; NaN where the system does not tell. */
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
