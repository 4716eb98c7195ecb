import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import type { SingleBar } from 'cli-progress';
import { UndertoneError } from '../core/index.ts';
import { ProcessFailed, ProcessPool } from '../lib/processes.ts';
import { type ClassifyTask, classifyFile, modelOf, type Outcome } from './classify-file.ts';
import { csvFormat, jsonFormat, type OutputFormat, textFormat } from './formats.ts';
import { expandPaths, STDIN } from './inputs.ts';
import { printable } from './terminal.ts';

export interface ClassifyCommandOptions extends ClassifyAllOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly timeline: boolean;
}

/**
 * Classifies everything that the paths name and prints it in the order of the arguments. One bad
 * file does not stop the rest; all of them are named at the end on stderr.
 *
 * @returns whether every input got a verdict
 * @throws UndertoneError when the arguments name no recording, or the model cannot be used
 */
export async function classifyCommand(
  paths: readonly string[],
  options: ClassifyCommandOptions,
): Promise<boolean> {
  const files = await expandPaths(paths);
  if (files.length === 0) {
    throw new UndertoneError('not-found', `No recordings were found in ${paths.join(', ')}.`);
  }
  const format = chooseFormat(options, files.length);
  const bar = process.stdout.isTTY ? null : await progressBar(files.length);
  const failures: Outcome[] = [];
  let printed = 0;
  for await (const outcome of classifyAll(files, options, () => bar?.increment())) {
    if ('error' in outcome) failures.push(outcome);
    process.stdout.write((printed === 0 ? format.head : '') + format.row(outcome, printed++));
    if (process.stdout.errored) return false;
  }
  bar?.stop();
  process.stdout.write(format.tail);
  reportFailures(failures, files.length);
  return failures.length === 0;
}

export interface ClassifyAllOptions {
  readonly model?: string;
  readonly workers?: number;
  readonly keepWindows?: boolean;
}

/** More processes than that wait for a processor, and each has the model in memory. */
const MAX_PROCESSES = 2 * availableParallelism();

/** Yields the outcomes in the order of the files, while later ones are already being worked on. */
export async function* classifyAll(
  files: readonly string[],
  { model, workers = availableParallelism(), keepWindows }: ClassifyAllOptions,
  onDone: () => void,
): AsyncGenerator<Outcome> {
  const processes = Math.min(workers, files.length, MAX_PROCESSES);
  // A single file, or stdin, which other processes cannot read: starting them would only cost time.
  if (processes === 1 || files.includes(STDIN)) {
    // A model that cannot be used concerns every file: of several it is told before any is read.
    if (files.length > 1) await modelOf(model);
    for (const file of files) {
      const outcome = await classifyFile(file, model, keepWindows);
      onDone();
      yield outcome;
    }
    return;
  }
  const module = new URL(`./classify-process${extname(import.meta.url)}`, import.meta.url);
  const pool = new ProcessPool<ClassifyTask, Outcome>(module, processes);
  const outcomeOf = (file: string) =>
    pool.run({ file, model, keepWindows }).catch((thrown): Outcome => {
      if (!(thrown instanceof ProcessFailed)) throw thrown;
      const message = `${thrown.message} Perhaps there was not enough memory: try this recording alone, or all with fewer --workers.`;
      return { file, error: { code: 'internal', message } };
    });
  try {
    const pending = files.map((file) => {
      const outcome = outcomeOf(file).finally(onDone);
      // Awaited below in order; until then a failure must not count as unhandled.
      outcome.catch(() => {});
      return outcome;
    });
    for (const outcome of pending) yield await outcome;
  } finally {
    pool.close();
  }
}

function chooseFormat(
  { json, csv, timeline }: ClassifyCommandOptions,
  count: number,
): OutputFormat {
  if (json) return jsonFormat(timeline);
  if (csv) return csvFormat();
  return textFormat(count);
}

/** A bar on stderr when a person watches. */
export async function progressBar(total: number): Promise<SingleBar | null> {
  if (total < 2 || !process.stderr.isTTY) return null;
  const { SingleBar } = await import('cli-progress');
  const bar = new SingleBar({
    format: '{bar} {value}/{total} recordings, {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(total, 0);
  return bar;
}

export function reportFailures(failures: readonly Outcome[], total: number): void {
  if (failures.length === 0) return;
  console.error(`${failures.length} of ${total} could not be read:`);
  for (const failure of failures) {
    if ('error' in failure) {
      console.error(printable(`  ${failure.file}: ${failure.error.message}`));
    }
  }
}
