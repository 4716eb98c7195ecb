/**
 * Looks for recordings and requests that the product does not withstand: changes valid ones, gives them to
 * the parsers, to `classify` and to the HTTP API, and checks what docs/reliability.md says of any input.
 *
 *   npm run fuzz -- --minutes 10 --seed 7
 *   npm run fuzz -- --target parsers                 or classify, http, or one parser such as ogg
 *   npm run fuzz -- --target notes --runs 20000      the memory that many classifications take
 *   npm run fuzz -- --replay reports/fuzz/ogg-1f00c0de
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { ROOT } from '../lib/root.ts';
import type { Job, Report } from './worker.ts';

/** Seconds without a report, of processor time and of any, after which an input counts as never ending. */
const HANGS = { processor: 120, any: 600 } as const;
/** Processes that inputs may end before it is enough. */
const MOST_ENDED = 10;
/** Milliseconds between two lines of progress. */
const PROGRESS = 5_000;

const values = new Command('fuzz')
  .description('Give changed recordings and requests to the product, and judge what it answers.')
  .option('--minutes <n>', 'how long; one minute unless --runs says how many inputs', count)
  .option('--runs <n>', 'how many inputs each target gets', count, 0)
  .option('--target <name>', 'all, parsers, classify, http, notes or one parser such as ogg', 'all')
  .option('--seed <n>', 'decides what is changed', count, 1)
  .option('--findings <folder>', 'where to save inputs that were wrong', join(ROOT, 'reports/fuzz'))
  .option('--replay <file>', 'give a saved input to its target again')
  .parse()
  .opts<{
    readonly minutes?: number;
    readonly runs: number;
    readonly target: string;
    readonly seed: number;
    readonly findings: string;
    readonly replay?: string;
  }>();
const { runs, seed } = values;
const minutes = values.minutes ?? (runs > 0 ? Number.POSITIVE_INFINITY : 1);

function count(text: string): number {
  const value = Number(text);
  if (!(value >= 0) || text === '') throw new InvalidArgumentError('Give a number.');
  return value;
}

const start = performance.now();
/** The last report on each target of every process. */
const reports = new Map<string, Report>();
/** Memory in MB after each turn of the last process (see Report). */
let memory: number[] = [];
/** How inputs were wrong so far; another one that is wrong in the same way is not saved. */
const known = new Set<string>();

if (values.replay) await replay(values.replay);
else await fuzz();

/** Gives a saved input to its target again, in this process. */
async function replay(path: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-fuzz-'));
  process.env.TMPDIR = folder;
  const { TARGETS } = await import('./targets.ts');
  const { judge } = await import('./judge.ts');
  const target = TARGETS[basename(path).split('-')[0]];
  const { outcome, wrong } = await judge(target, readFileSync(path));
  rmSync(folder, { recursive: true });
  console.log(wrong ? `Still wrong: ${wrong}` : `As it should be: ${outcome}`);
  process.exit(wrong ? 1 : 0);
}

async function fuzz(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-fuzz-'));
  const progress = setInterval(printProgress, PROGRESS);
  try {
    for (let tries = 0; tries < MOST_ENDED && !(await work(folder, tries)); tries++);
  } finally {
    clearInterval(progress);
    rmSync(folder, { recursive: true });
  }
  printProgress();
  const outcomes = new Map<string, number>();
  for (const report of reports.values())
    for (const [word, count] of Object.entries(report.outcomes))
      outcomes.set(word, count + (outcomes.get(word) ?? 0));
  console.log([...outcomes].map(([word, count]) => `${word} ${count}`).join(', '));
  const later = memory.slice(memory.length >> 2);
  console.log(`Memory after the first quarter: ${Math.min(...later)} to ${Math.max(...later)} MB.`);
  console.log(known.size === 0 ? 'No findings.' : `${known.size} findings in ${values.findings}`);
  process.exitCode = known.size > 0 ? 1 : 0;
}

/** Runs one process. Returns whether all is done; else an input ended or stopped it, which is a finding. */
function work(folder: string, tries: number): Promise<boolean> {
  const [current, temporary] = [join(folder, 'current'), join(folder, 'tmp')];
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  writeFileSync(current, new Uint8Array(20));
  const job: Job = { target: values.target, seed: seed + 1000 * tries, runs, current };
  const child = fork(fileURLToPath(import.meta.resolve('./worker.js')), [JSON.stringify(job)], {
    env: { ...process.env, TMPDIR: temporary },
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr?.on('data', (text: Buffer) => {
    complaint = (complaint + text).slice(-4_000);
  });
  const now = () => ({ processor: processorSeconds(child), any: performance.now() / 1000 });
  let last = now();
  memory = [];
  child.on('message', (report: Report) => {
    last = now();
    reports.set(`${tries} ${report.target}`, report);
    memory.push(report.megabytes);
    for (const { wrong, base64 } of report.findings)
      save(report.target, wrong, Buffer.from(base64, 'base64'));
  });
  const watch = setInterval(() => {
    // It finishes the input at hand, so that no process of ffmpeg is left.
    if (performance.now() - start > minutes * 60_000 && child.connected) child.send('stop');
    const { processor, any } = now();
    if (processor - last.processor > HANGS.processor || any - last.any > HANGS.any) {
      complaint = 'It did not end.';
      child.kill('SIGKILL');
    }
  }, 500);
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearInterval(watch);
      if (code === 0) return resolve(true);
      const bytes = readFileSync(current);
      const target = bytes.toString('latin1', 0, 16).replace(/\0+$/, '');
      if (target === '') {
        // It did not come to the first input.
        process.stderr.write(complaint);
        rmSync(folder, { recursive: true });
        process.exit(2);
      }
      const input = bytes.subarray(20, 20 + bytes.readUInt32LE(16));
      save(target, `The process ended with ${signal ?? code}.\n${complaint}`, input);
      resolve(false);
    });
  });
}

/** Processor time of a process, which says more than the clock on a busy machine; 0 where it is not told. */
function processorSeconds({ pid }: ChildProcess): number {
  try {
    // Fields 14 and 15 of proc(5), in hundredths. The second field is a name in parentheses.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/.*\)/s, '').split(' ');
    return (Number(fields[12]) + Number(fields[13])) / 100;
  } catch {
    return 0;
  }
}

function save(target: string, wrong: string, input: Uint8Array): void {
  const place = /^ +at .*\/dist\/.*$/m.exec(wrong)?.[0];
  const kind = `${target} ${place ?? wrong.split('\n')[0].replace(/[\d.]+/g, '#')}`;
  if (known.has(kind)) return;
  known.add(kind);
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 8);
  const path = join(values.findings, `${target}-${hash}`);
  const how = `Replay it with: npm run fuzz -- --replay ${relative(process.cwd(), path)}`;
  mkdirSync(values.findings, { recursive: true });
  writeFileSync(path, input);
  writeFileSync(`${path}.txt`, `${wrong}\n\n${how}\n`);
  console.log(`Finding: ${target}: ${wrong.split('\n')[0]}\n  ${how}`);
}

function printProgress(): void {
  const seconds = (performance.now() - start) / 1000;
  const counts = new Map<string, number>();
  for (const { target, inputs } of reports.values())
    counts.set(target, inputs + (counts.get(target) ?? 0));
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const each = [...counts].map(([target, count]) => `${target} ${count}`).join(', ');
  console.log(
    `${seconds.toFixed(0)} s: ${all} inputs (${(all / seconds).toFixed(0)} a second), ${known.size} findings, ${memory.at(-1) ?? 0} MB; ${each}`,
  );
}
