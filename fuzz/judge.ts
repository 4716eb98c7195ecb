import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { UndertoneError } from '../core/index.ts';
import { hasFfmpeg } from '../tests/fixtures/encode.ts';
import type { Target } from './targets.ts';

/** Most milliseconds of processor time that this process may need for one input. */
const MOST_CPU = { parser: 1_500, whole: 20_000 } as const;
/** Most resident memory of this process in bytes, the model and everything else included. */
const MOST_MEMORY = 700 * 2 ** 20;
/** Milliseconds that what was stopped has to end: on a machine that others keep busy, it takes seconds. */
const PATIENCE = 30_000;

/** What came of an input, in a word; `wrong` says what must not be. */
export interface Judgement {
  readonly outcome: string;
  readonly wrong?: string;
}

/**
 * Gives an input to a target and checks what holds for any input: a result or a named error that is not
 * ours, little time and memory, and nothing left behind.
 */
export async function judge(target: Target, input: Uint8Array): Promise<Judgement> {
  // What the fuzzer has not released yet of its own inputs is not the fault of this one.
  if (process.memoryUsage.rss() > MOST_MEMORY / 2) globalThis.gc?.();
  const before = process.cpuUsage();
  const judgement = await outcomeOf(target, input);
  const { user, system } = process.cpuUsage(before);
  const milliseconds = (user + system) / 1000;
  const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
  const left = target.isParser ? '' : await leftBehind();
  const wrong = [
    judgement.wrong,
    milliseconds > MOST_CPU[target.isParser ? 'parser' : 'whole'] &&
      `It took ${milliseconds.toFixed(0)} ms of processor time.`,
    megabytes * 2 ** 20 > MOST_MEMORY && `The process has ${megabytes} MB.`,
    left && `It left behind: ${left}.`,
  ].find(Boolean);
  return { outcome: judgement.outcome, ...(wrong && { wrong }) };
}

async function outcomeOf(target: Target, input: Uint8Array): Promise<Judgement> {
  try {
    return { outcome: String(await target.run(input)) };
  } catch (error) {
    if (!(error instanceof Error)) return { outcome: 'thrown', wrong: String(error) };
    const { code, status, message } = error as UndertoneError;
    const isRight =
      error instanceof UndertoneError &&
      (status < 500 || (code === 'decoder-missing' && !hasFfmpeg)) &&
      !/undefined|null|NaN|Error:|\bat \//.test(message);
    return isRight ? { outcome: code } : { outcome: error.name, wrong: describe(error) };
  }
}

function describe({ stack, message, cause }: Error): string {
  const why = cause instanceof Error ? `\nCaused by ${describe(cause)}` : '';
  return `${stack ?? message}${why}`;
}

let atRest: readonly string[] | undefined;

/** Returns the processes, pipes, timers, open files and temporary files that were not there at first. */
async function leftBehind(): Promise<string> {
  const deadline = performance.now() + PATIENCE;
  atRest ??= handles();
  for (;;) {
    const left = handles();
    for (const handle of atRest) if (left.includes(handle)) left.splice(left.indexOf(handle), 1);
    if (left.length === 0 || performance.now() > deadline) return left.slice(0, 9).join(', ');
    await setTimeout(5);
  }
}

function handles(): string[] {
  const files = process.platform === 'linux' ? readdirSync('/proc/self/fd') : [];
  const open = files.map(() => 'an open file');
  return [...process.getActiveResourcesInfo(), ...open, ...readdirSync(tmpdir())];
}
