import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UndertoneError } from '../core/errors.ts';
import { FAMILIES, type Family } from './pipeline/families.ts';
import { ensureFolder } from './pipeline/folders.ts';
import { reportHtml } from './report/html.ts';
import { summaryText } from './report/summary.ts';
import { type Progress, train } from './train.ts';

/** The exit status of a program that Ctrl-C stopped. */
const INTERRUPTED = 130;

const program = new Command('train')
  .description('Train the model on RAVDESS and measure it on speakers it never heard.')
  .addOption(
    new Option('--data <folder>', 'folder that holds the RAVDESS archives, unpacked')
      .env('UNDERTONE_DATA')
      .makeOptionMandatory(),
  )
  .option('--out <folder>', 'where the model is written', 'model')
  .option('--report <folder>', 'where the figures are written', 'reports/latest')
  .option('--work <folder>', 'caches and finished steps; a stopped run resumes', '.cache/training')
  .option('--families <names>', `of ${FAMILIES.join(', ')}`, familyList, [...FAMILIES])
  .option('--seed <n>', 'seed of every random choice', wholeNumber, 42)
  .option('--workers <n>', 'threads', wholeNumber, availableParallelism())
  .option('--quick', 'no search, first parameters of each family')
  .action(run);

async function run(options: {
  data: string;
  out: string;
  report: string;
  work: string;
  families: Family[];
  seed: number;
  workers: number;
  quick?: boolean;
}): Promise<void> {
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  try {
    await ensureFolder(options.report, '--report');
    const results = await train({
      ...options,
      isQuick: options.quick ?? false,
      progress: progressOn(process.stderr),
      signal: abort.signal,
    });
    await writeFile(join(options.report, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
    await writeFile(join(options.report, 'report.html'), reportHtml(results));
    console.log(summaryText(results));
    console.log(
      `Model: ${options.out}\nReport: ${join(options.report, 'report.html')}\nFigures: ${join(options.report, 'results.json')}`,
    );
  } catch (error) {
    if (abort.signal.aborted) {
      console.error('Stopped. The same command goes on from here.');
      process.exitCode = INTERRUPTED;
      return;
    }
    throw error;
  }
}

/** A bar with the time left on a terminal; elsewhere a line now and then. */
function progressOn(stream: NodeJS.WriteStream): Progress {
  if (stream.isTTY) {
    let bar: SingleBar | undefined;
    return {
      begin(stage, total) {
        bar = new SingleBar({
          format: `${stage} {bar} {value}/{total}, {eta_formatted} left`,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          etaBuffer: 50,
          stream,
        });
        bar.start(total, 0);
      },
      advance: () => bar?.increment(),
      end() {
        bar?.stop();
        bar = undefined;
      },
    };
  }
  let stage = '';
  let total = 0;
  let done = 0;
  let started = 0;
  return {
    begin(name, count) {
      [stage, total, done, started] = [name, count, 0, performance.now()];
    },
    advance() {
      done++;
      if (done % Math.ceil(total / 10) !== 0 && done !== total) return;
      const seconds = (performance.now() - started) / 1000;
      const left = Math.round((seconds / done) * (total - done));
      stream.write(`${stage}: ${done} of ${total}, ${left} s left\n`);
    },
    end() {},
  };
}

function familyList(text: string): Family[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !FAMILIES.includes(name as Family));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`"${unknown}" is none of ${FAMILIES.join(', ')}.`);
  }
  return [...new Set(names as Family[])];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('Give a whole number from 1 on.');
  }
  return value;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof UndertoneError ? error.message : error);
  process.exitCode = 1;
}
